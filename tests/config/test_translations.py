"""German is complete: no catalogue has a gap, and no text of ours or Unfold's is left out of them."""

import gettext
import re
from pathlib import Path

import django
import pytest
import unfold
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

from config.unfold_texts import TEXTS

CATALOGUES = sorted(
    path
    for path in Path(settings.BASE_DIR).glob("**/locale/*/LC_MESSAGES/django.po")
    if ".venv" not in path.parts and "var" not in path.parts
)
ROOMS = ("config", "marketing", "crm", "compliance", "tenants")
CALL = re.compile(
    r"""\b(?:u?n?gettext(?:_lazy|_noop)?|_)\(\s*(?P<text>(?:"(?:[^"\\]|\\.)*"\s*)+|(?:'(?:[^'\\]|\\.)*'\s*)+)"""
)


def known_texts() -> set[str]:
    """Every text with a German translation: ours and Django's."""
    known: set[str] = set()
    for source in CATALOGUES:
        for message in read_po(source.open("rb"), locale="de"):
            if message.id and message.string:
                known.add(message.id if isinstance(message.id, str) else message.id[0])
    for compiled in Path(django.__file__).parent.glob("**/locale/de/LC_MESSAGES/django.mo"):
        with compiled.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog
        known.update(key if isinstance(key, str) else key[0] for key in catalogue)
    return known


def texts_of(path: Path) -> set[str]:
    """The translatable texts of a file, found as the collecting of messages finds them."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        source = templatize(source, origin=str(path))
    found = set()
    for call in CALL.finditer(source):
        parts = re.findall(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", call["text"])
        found.add("".join(eval(part) for part in parts))  # string literals of our own files
    return found - {""}


@pytest.mark.parametrize("source", CATALOGUES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_catalogue_has_no_gap(source):
    for message in read_po(source.open("rb"), locale="de"):
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id:
            assert all(texts), f"{message.id!r} is not translated"
            assert not message.fuzzy, f"{message.id!r} is only guessed"


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_of_a_room_is_german_too(room):
    known = known_texts()
    missing = {
        f"{path.relative_to(settings.BASE_DIR)}: {text}"
        for path in sorted((Path(settings.BASE_DIR) / room).rglob("*"))
        if path.suffix in {".py", ".html"} and "migrations" not in path.parts
        for text in texts_of(path)
        if text not in known
    }
    assert not missing, "\n".join(sorted(missing))


def test_what_is_named_of_unfold_is_said_by_unfold():
    folder = Path(unfold.__file__).parent
    said = "".join(
        path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in {".py", ".html"}
    )
    assert [text for text in TEXTS if text not in said] == []
