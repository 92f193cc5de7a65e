import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tenants.keys.errors import TamperedCiphertext
from tenants.scope import organization_scope, scope_id
from tenants.storage import OrganizationStorage

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage(in_a: Any, tmp_path: Path, settings: Any) -> OrganizationStorage:
    settings.MEDIA_ROOT = tmp_path / "media"
    return OrganizationStorage()


def files_on_disk(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_a_file_comes_back_and_its_name_and_content_do_not_show(
    storage: OrganizationStorage, settings: Any
) -> None:
    name = storage.save("imports/Jane Doe contacts.csv", ContentFile(b"jane@example.com"))
    with storage.open(name) as file:
        assert file.read() == b"jane@example.com"
    assert storage.size(name) == 16
    (path,) = files_on_disk(settings.MEDIA_ROOT)
    assert path.parent == settings.MEDIA_ROOT / str(scope_id()) / "imports"
    assert "jane" not in str(path).lower()
    assert b"jane" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_text_is_stored_as_utf_8_and_equal_names_do_not_collide(storage: OrganizationStorage) -> None:
    one, other = storage.save("a.txt", ContentFile("Größe")), storage.save("a.txt", ContentFile("other"))
    assert one != other
    assert storage.open(one).read().decode() == "Größe"


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "a/../../b",
        "..\\x",
        "a/b",
        "",
        "imports/../" + "0" * 32,
        "0" * 32 + "\n",
        "A" * 32,
        "x\0y",
    ],
)
def test_a_name_that_storage_did_not_give_reaches_no_file(storage: OrganizationStorage, name: str) -> None:
    for act in (storage.open, storage.delete, storage.exists, storage.size, storage.get_modified_time):
        with pytest.raises(SuspiciousFileOperation):
            act(name)


@pytest.mark.parametrize("name", ["../x.csv", "/etc/x.csv", "a/../../b.csv", "Ö/x.csv", "a\\..\\x.csv"])
def test_a_folder_outside_is_refused_on_saving(
    storage: OrganizationStorage, name: str, settings: Any
) -> None:
    with pytest.raises(SuspiciousFileOperation):
        storage.save(name, ContentFile(b"x"))
    assert not files_on_disk(settings.MEDIA_ROOT)


def test_another_organisation_does_not_see_the_file_nor_open_a_copy(
    storage: OrganizationStorage, organization_b: Any, settings: Any
) -> None:
    name = storage.save("x", ContentFile(b"ours"))
    (path,) = files_on_disk(settings.MEDIA_ROOT)
    with organization_scope(organization_b):
        assert not storage.exists(name)
        with pytest.raises(FileNotFoundError):
            storage.open(name)
        copy = settings.MEDIA_ROOT / str(scope_id()) / name
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
        with pytest.raises(TamperedCiphertext):
            storage.open(name)


def test_two_files_that_changed_names_are_refused(storage: OrganizationStorage, settings: Any) -> None:
    one, other = storage.save("x", ContentFile(b"one")), storage.save("y", ContentFile(b"other"))
    home = settings.MEDIA_ROOT / str(scope_id())
    (home / one).replace(home / other)
    with pytest.raises(TamperedCiphertext, match="name of another"):
        storage.open(other)


def test_a_file_that_failed_on_the_way_leaves_nothing(storage: OrganizationStorage, settings: Any) -> None:
    name = storage.get_available_name("imports/x")

    def fail() -> None:
        with storage.writer(name) as writer:
            writer.write(os.urandom(200_000))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not files_on_disk(settings.MEDIA_ROOT)
    assert not storage.exists(name)


def test_a_file_written_piece_by_piece_comes_back_and_goes(storage: OrganizationStorage) -> None:
    name, data = storage.get_available_name("exports/x"), os.urandom(300_000)
    with storage.writer(name) as writer:
        for at in range(0, len(data), 70_000):
            writer.write(data[at : at + 70_000])
    file = storage.open(name)
    file.seek(100_000)
    assert file.read(10) == data[100_000:100_010]
    file.close()
    assert storage.listdir("exports") == ([], [name.removeprefix("exports/")])
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)


def test_there_is_neither_address_nor_path(storage: OrganizationStorage) -> None:
    name = storage.save("x", ContentFile(b"x"))
    with pytest.raises(ValueError, match="view"):
        storage.url(name)
    with pytest.raises(Exception, match="absolute paths"):
        storage.path(name)
    with pytest.raises(ValueError, match="read"):
        storage.open(name, "wb")


def test_it_is_the_default_storage() -> None:
    assert default_storage.__class__ is OrganizationStorage
