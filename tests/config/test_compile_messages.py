import gettext
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
PLURAL = '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


@pytest.fixture
def source(tmp_path: Path, settings) -> Path:
    settings.BASE_DIR = tmp_path  # so that the project's own translations stay as they are
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    path = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    return path


def test_compiled_translations_are_read_by_gettext(source: Path, tmp_path: Path) -> None:
    source.write_text(
        f'{HEADER}{PLURAL}msgid "Contact"\nmsgstr "Kontakt"\n\n'
        'msgid "%(n)d row"\nmsgid_plural "%(n)d rows"\nmsgstr[0] "%(n)d Zeile"\nmsgstr[1] "%(n)d Zeilen"\n\n'
        '#, fuzzy\nmsgid "Deal"\nmsgstr "unsicher"\n',
        encoding="utf-8",
    )
    call_command("compile_messages", verbosity=0)
    german = gettext.translation("django", tmp_path / "locale", ["de"])
    assert german.gettext("Contact") == "Kontakt"
    assert german.ngettext("%(n)d row", "%(n)d rows", 2) == "%(n)d Zeilen"
    assert german.gettext("Deal") == "Deal"


def test_damaged_translation_is_named(source: Path) -> None:
    source.write_text(f'{HEADER}\n<<<<<<< HEAD\nmsgid "Contact"\n', encoding="utf-8")
    with pytest.raises(CommandError, match=r"django\.po cannot be compiled"):
        call_command("compile_messages")
    assert not source.with_suffix(".mo").exists()
