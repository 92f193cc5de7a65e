"""The table of a list as markup: a head with links for the orders, and a line for each record.

Unfold renders each cell and each tick box with templates, which takes four fifths of a page's time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, label_for_field
from django.contrib.admin.views.main import ORDER_VAR
from django.urls import reverse
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.widgets import CHECKBOX_CLASSES

from crm.records.columns import EMPTY

TICK = "action_checkbox"
BOX_CLASSES = " ".join(CHECKBOX_CLASSES)


@dataclass(frozen=True)
class Head:
    """One column's head. ``url`` orders by it, or turns the order round; "" where no index has it."""

    text: str
    url: str = ""
    direction: str = ""
    is_tick: bool = False

    @property
    def box(self) -> SafeString:
        """What ticks all rows of the page."""
        return format_html(
            '<input type="checkbox" class="{} action-toggle" aria-label="{}">', BOX_CLASSES, self.text
        )


def heads(changelist: Any) -> Iterator[Head]:
    """The head of the table."""
    ordered = changelist.get_ordering_field_columns()
    for number, name in enumerate(changelist.list_display):
        if name == TICK:
            yield Head(gettext("Select all rows"), is_tick=True)
            continue
        text = str(label_for_field(name, changelist.model, changelist.model_admin))
        text = text[:1].upper() + text[1:]
        if not changelist.can_order_by(name):
            yield Head(text)
            continue
        present = ordered.get(number, "")
        turned = f"-{number}" if present == "asc" else str(number)
        direction = {"asc": "ascending", "desc": "descending"}.get(present, "")
        yield Head(text, str(changelist.get_query_string({ORDER_VAR: turned})), direction)


def lines(changelist: Any) -> Iterator[SafeString]:
    """One table row a record: the tick box where there are actions, the columns, the first one as link."""
    names = [name for name in changelist.list_display if name != TICK]
    cells = [_cell_of(changelist, name) for name in names]
    before, after = _address(changelist)
    tick = (
        f'<td class="record-tick"><input type="checkbox" name="{ACTION_CHECKBOX_NAME}" value="%s"'
        f' class="{BOX_CLASSES} action-select" aria-label="{escape(gettext("Select"))} %s"></td>'
    )
    ticked = TICK in changelist.list_display
    for record in changelist.result_list:
        key, (first, *others) = str(record.pk), (cell(record) for cell in cells)
        opener = f' data-popup-opener="{key}"' if changelist.is_popup else ""
        parts = [tick % (key, escape(record.display_name))] if ticked else []
        parts.append(f'<th scope="row"><a href="{before}{key}{after}"{opener}>{first}</a></th>')
        parts += [f"<td>{cell}</td>" for cell in others]
        yield SafeString(f'<tr class="data-row">{"".join(parts)}</tr>')


def _cell_of(changelist: Any, name: str) -> Callable[[Any], str]:
    """What writes the column ``name`` of a record, escaped."""
    method = getattr(changelist.model_admin, name, None)
    if method is not None:
        return lambda record: conditional_escape(method(record))
    field = changelist.model._meta.get_field(name)
    return lambda record: conditional_escape(display_for_field(getattr(record, name), field, EMPTY) or EMPTY)


def _address(changelist: Any) -> tuple[str, str]:
    """What stands before and behind the key in the address of a record's page."""
    opts = changelist.opts
    url = reverse(
        f"{changelist.model_admin.admin_site.name}:{opts.app_label}_{opts.model_name}_change", args=("KEY",)
    )
    kept = {"preserved_filters": changelist.preserved_filters, "opts": opts}
    before, _key, after = url.partition("KEY")
    return escape(before), escape(after + add_preserved_filters(kept, url).removeprefix(url))
