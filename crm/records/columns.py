"""The cells of the lists, as markup. All values are escaped."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

EMPTY = "–"


def name_cell(record: Any, second_line: str = "") -> SafeString:
    """The record's name with its initials, as the head of a row."""
    name = record.display_name
    below = format_html('<small class="record-second">{}</small>', second_line) if second_line else ""
    return format_html(
        '<span class="record-name">'
        '<span class="record-initials" style="--hue:{}" aria-hidden="true">{}</span>'
        '<span class="record-label"><span>{}</span>{}</span></span>',
        record.pk.int % 360,
        initials(name),
        name,
        below,
    )


def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    words = name.split()
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper()


def email_cell(address: str) -> Any:
    return format_html('<a class="record-link" href="mailto:{0}">{0}</a>', address) if address else EMPTY


def phone_cell(number: str) -> Any:
    if not number:
        return EMPTY
    dialled = "".join(sign for sign in number.partition("x")[0] if sign.isdigit() or sign == "+")
    return format_html('<a class="record-link nowrap" href="tel:{}">{}</a>', dialled, number)


def time_cell(at: datetime | None) -> Any:
    """A moment in the organisation's time zone, with UTC to look up."""
    if at is None:
        return EMPTY
    local, utc = timezone.localtime(at), at.astimezone(UTC)
    return format_html(
        '<time class="nowrap" datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(timespec="seconds"),
        utc.strftime("%Y-%m-%d %H:%M"),
        date_format(local, "SHORT_DATETIME_FORMAT"),
    )


def tags_cell(tags: Any) -> Any:
    """Labels in the tags' colours."""
    rows = [(tag.hue, tag.name) for tag in tags]
    return format_html_join(" ", '<span class="record-tag" style="--hue:{}">{}</span>', rows) or EMPTY


def lines_cell(lines: Any) -> Any:
    """Several values below each other."""
    return format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines or ())) or EMPTY
