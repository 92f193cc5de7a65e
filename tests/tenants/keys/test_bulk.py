import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tenants.keys import ring
from tenants.keys.bulk import FieldCipher
from tenants.keys.errors import TamperedCiphertext, UnsealableValue
from tenants.scope import organization_scope, scope_id
from tests.tenants.keys.shelf import Person

pytestmark = pytest.mark.django_db


def insert(person_id: uuid.UUID, email: str, phone: str) -> None:
    """A row as an import writes it, by COPY."""
    emails, phones = FieldCipher(Person, "email"), FieldCipher(Person, "phone")
    pk = person_id.bytes
    values = [
        str(person_id),
        "",
        emails.seal_hex(pk, email),
        "\\\\x" + emails.index(email).hex(),
        emails.grams_text(email),
        phones.seal_hex(pk, phone),
        "\\\\x" + phones.index(phone).hex(),
        phones.grams_text(phone),
    ]
    columns = "id, name, email, email_index, email_grams, phone, phone_index, phone_grams"
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{Person._meta.db_table}" ({columns}) FROM STDIN') as copy,
    ):
        copy.write("\t".join(values) + "\n")


def test_what_copy_brings_in_is_read_and_found_like_any_other_row(people: type[Person]) -> None:
    person_id = uuid.uuid4()
    insert(person_id, "Jürgen.Doe@Example.com", "(229) 077-5154 x12")
    person = people.objects.get(email="jürgen.doe@example.COM")
    assert (person.pk, person.email, person.phone) == (
        person_id,
        "Jürgen.Doe@Example.com",
        "(229) 077-5154 x12",
    )
    assert people.objects.get(email__contains="ÜRGEN") == person
    assert people.objects.get(phone__contains="0775") == person
    assert people.objects.get(phone="229.077.5154 ext 12") == person


def test_bulk_and_single_path_agree(people: type[Person]) -> None:
    person = people.objects.create(email="Jane@Example.com", phone="+44 (0)20 7946 0018", address={"a": 1})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT email, email_index, email_grams, phone_index, phone_grams, address"
            f' FROM "{Person._meta.db_table}"'
        )
        email, email_index, email_grams, phone_index, phone_grams, address = cursor.fetchone()
    emails, phones = FieldCipher(Person, "email"), FieldCipher(Person, "phone")
    assert emails.open(person.pk.bytes, bytes(email)) == "Jane@Example.com"
    assert emails.index("jane@example.com") == bytes(email_index)
    assert emails.grams("JANE@example.com") == sorted(email_grams)
    assert phones.index("+442079460018") == bytes(phone_index)
    assert phones.grams(person.phone) == sorted(phone_grams)
    assert FieldCipher(Person, "address").open_value(person.pk.bytes, bytes(address)) == {"a": 1}


def test_values_of_any_field_are_sealed_and_opened(people: type[Person]) -> None:
    pk = uuid.uuid4().bytes
    addresses, notes = FieldCipher(Person, "address"), FieldCipher(Person, "notes")
    assert addresses.open_value(pk, addresses.seal_value(pk, {"ü": [1]})) == {"ü": [1]}
    assert addresses.seal_value(pk, {}) is None
    assert addresses.open_value(pk, None) == {}
    assert notes.seal_value(pk, "") is None
    assert notes.open_value(pk, None) == ""


def test_a_cipher_stays_in_the_organisation_in_which_it_was_made(in_a: Any, organization_b: Any) -> None:
    pk = uuid.uuid4().bytes
    mine = FieldCipher(Person, "email")
    with organization_scope(organization_b):
        theirs = FieldCipher(Person, "email")
        blob = mine.seal(pk, "a@b.example")
    assert mine.open(pk, blob) == "a@b.example"
    with pytest.raises(TamperedCiphertext):
        theirs.open(pk, blob)
    assert mine.index("a@b.example") != theirs.index("a@b.example")
    assert set(mine.grams("a@b.example")).isdisjoint(theirs.grams("a@b.example"))


def test_a_new_cipher_uses_the_key_of_the_moment(in_a: Any, own_ring: Path) -> None:
    ring.create_keys(scope_id())
    pk = uuid.uuid4().bytes
    before = FieldCipher(Person, "email").seal(pk, "a@b.example")
    key_id = ring.rotate_data_key(scope_id())
    cipher = FieldCipher(Person, "email")
    assert cipher.seal(pk, "a@b.example")[1:5] == key_id
    assert cipher.open(pk, before) == "a@b.example"


def test_only_encrypted_fields_have_a_cipher(in_a: Any) -> None:
    with pytest.raises(TypeError):
        FieldCipher(Person, "name")


def test_text_that_is_not_unicode_is_refused(in_a: Any) -> None:
    with pytest.raises(UnsealableValue):
        FieldCipher(Person, "email").seal(b"x", "a\ud800b")
    with pytest.raises(UnsealableValue):
        FieldCipher(Person, "email").index("a\ud800b")
    with pytest.raises(UnsealableValue):
        FieldCipher(Person, "email").grams_text("a\ud800b")
