import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from tenants.keys import ring, rotation
from tenants.keys.errors import UnknownKey
from tenants.scope import organization_scope, scope_id
from tenants.storage import OrganizationStorage
from tests.tenants.keys.shelf import Letter, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(
    people: type[Person], own_ring: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> list[Person]:
    """Twenty-five rows under keys of the test's own, and no others to rotate."""
    settings.MEDIA_ROOT = own_ring.parent / "media"
    monkeypatch.setattr(ring, "RECHECK_SECONDS", 0.0)
    monkeypatch.setattr(rotation, "encrypted_models", lambda: [Person, Letter])
    ring.create_keys(scope_id())
    rows = [
        Person(email=f"p{n}@example.com", notes=f"note {n}", phone="229.077.5154" if n % 2 else "")
        for n in range(25)
    ]
    people.objects.bulk_create(rows)
    return rows


def key_ids(column: str = "email") -> set[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT DISTINCT substring({column} FROM 2 FOR 4) FROM "{Person._meta.db_table}"')
        return {bytes(row[0]) for row in cursor.fetchall() if row[0] is not None}


def test_every_value_and_file_moves_to_the_new_key_and_the_old_one_ends(crowd: list[Person]) -> None:
    storage = OrganizationStorage()
    data = os.urandom(200_000)
    name = storage.save("imports/x", ContentFile(data))
    before = key_ids()
    result = rotation.rotate()
    assert (result.values, result.files, result.remaining) == (25 + 25 + 12, 1, 0)
    assert key_ids() == key_ids("notes") == key_ids("phone") == {ring.keys(scope_id()).active.id} != before
    assert ring.keys(scope_id()).ids(ring.RETIRED) == list(before)
    with storage.open(name) as file:
        assert file.read() == data
    person = Person.objects.get(email="P7@example.com")
    assert (person.notes, person.phone) == ("note 7", "229.077.5154")
    assert Person.objects.filter(email__contains="@example").count() == 25


def test_after_a_purge_the_old_key_is_gone_and_everything_still_opens(crowd: list[Person]) -> None:
    (before,) = key_ids()
    result = rotation.rotate(purge=True)
    assert (result.retired_keys, result.purged_keys) == (1, 1)
    with pytest.raises(UnknownKey):
        ring.keys(scope_id()).data_key(before)
    assert sorted(p.email for p in Person.objects.all()) == sorted(p.email for p in crowd)


def test_small_chunks_reach_every_row(crowd: list[Person]) -> None:
    ring.rotate_data_key(scope_id())
    assert rotation.reencrypt(Person, chunk_rows=4) == 62
    assert rotation.count_old(Person) == 0
    assert rotation.reencrypt(Person, chunk_rows=4) == 0


def test_an_interrupted_run_is_finished_before_another_key_is_made(crowd: list[Person]) -> None:
    ring.rotate_data_key(scope_id())
    active = ring.keys(scope_id()).active.id
    table = rotation._Table(Person, reindex=False)
    table.replace(table.read(None, 10))
    assert rotation.count_old(Person) == 15
    result = rotation.rotate()
    assert result.resumed
    assert ring.keys(scope_id()).active.id == active
    assert (rotation.count_old(Person), result.remaining, result.retired_keys) == (0, 0, 1)
    assert not rotation.rotate().resumed


def test_what_others_write_meanwhile_is_not_lost(crowd: list[Person]) -> None:
    ring.rotate_data_key(scope_id())
    table = rotation._Table(Person, reindex=False)
    rows = table.read(None, 100)
    person = Person.objects.get(email="p3@example.com")
    person.notes = "written meanwhile"
    person.save()
    Person.objects.filter(pk=crowd[4].pk).update(notes="")
    crowd[5].delete()
    table.replace(rows)
    again = Person.objects.get(pk=person.pk)
    assert (again.notes, again.email) == ("written meanwhile", "p3@example.com")
    assert Person.objects.get(pk=crowd[4].pk).notes == ""
    rotation.reencrypt(Person)
    assert rotation.count_old(Person) == 0
    assert Person.objects.count() == 24


def test_a_key_stays_while_something_uses_it(crowd: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "reencrypt", lambda *_args, **_kwargs: 0)
    result = rotation.rotate(purge=True)
    assert (result.remaining, result.retired_keys, result.purged_keys) == (25, 0, 0)
    assert Person.objects.get(email="p3@example.com").notes == "note 3"


def test_a_key_stays_while_a_transaction_may_hold_it(
    crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_wait_for_transactions", lambda _patience: False)
    result = rotation.rotate()
    assert (result.remaining, result.retired_keys) == (0, 0)
    assert len(ring.keys(scope_id()).ids(ring.RETIRING)) == 1


def test_reindexing_follows_the_organisations_country(
    crowd: list[Person], in_a: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for country in ("US", "DE"):
        monkeypatch.setattr(in_a, "country", country)
        rotation.rotate(reindex=True)
        found = {c: Person.objects.filter(phone=number).count() for c, number in NUMBERS.items()}
        assert found == {c: 12 if c == country else 0 for c in NUMBERS}
        assert Person.objects.filter(phone__contains="0775").count() == 12
        assert Person.objects.filter(email__contains="p17@").count() == 1


NUMBERS = {"US": "+12290775154", "DE": "+492290775154"}


def test_rotation_is_quick(crowd: list[Person]) -> None:
    rows = [Person(email=f"q{n}@example.com", notes="a note", phone="229.077.5154") for n in range(3000)]
    Person.objects.bulk_create(rows)
    result = rotation.rotate()
    assert result.values / result.seconds > 2_000


def test_the_command_rotates_one_organisation_and_prints_one_object(
    organization_a: Any, organization_b: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "RECHECK_SECONDS", 0.0)
    theirs = ring.keys(organization_b.pk).active.id
    ours = ring.keys(organization_a.pk).active.id
    output = StringIO()
    call_command("rotate_keys", "--org", organization_a.slug, "--json", stdout=output)
    result = json.loads(output.getvalue().splitlines()[-1])["scopes"][organization_a.slug]
    assert (result["remaining"], result["retired_keys"]) == (0, 1)
    assert result["values"] >= 1
    assert ring.reload(organization_a.pk).active.id != ours
    assert ring.reload(organization_b.pk).active.id == theirs
    with organization_scope(organization_a):
        from_users = next(m for m in rotation.encrypted_models() if m._meta.label == "accounts.User")
        assert rotation.count_old(from_users) == 0
        assert from_users._default_manager.filter(email__contains="owner@").exists()


def test_the_command_rotates_the_master_key_and_touches_no_value(organization_a: Any) -> None:
    before = ring.keys(organization_a.pk).active.id
    output = StringIO()
    call_command("rotate_keys", "--master", "--json", stdout=output)
    result = json.loads(output.getvalue())
    assert result["rewrapped"] >= 2
    assert result["scopes"] == {}
    ring.forget()
    assert ring.keys(organization_a.pk).active.id == before


@pytest.mark.parametrize("arguments", [[], ["--org", "nobody-has-this"]])
def test_the_command_says_what_is_missing(arguments: list[str], db: None) -> None:
    with pytest.raises(CommandError):
        call_command("rotate_keys", *arguments)
