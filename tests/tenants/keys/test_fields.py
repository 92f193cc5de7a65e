import copy
import io
import pickle
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Lower
from django.forms import modelform_factory

from tenants.keys.attributes import Sealed
from tenants.keys.companions import is_companion
from tenants.keys.errors import TamperedCiphertext, UnanswerableLookup, UnsealableValue
from tenants.keys.fields import EncryptedEmailField, EncryptedJSONField, EncryptedTextField
from tenants.scope import organization_scope
from tests.tenants.keys.shelf import Letter, Numbered, Person

pytestmark = pytest.mark.django_db

TABLE = Person._meta.db_table


def stored(column: str, pk: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{TABLE}" WHERE id = %s', [pk])
        value = cursor.fetchone()[0]
    return bytes(value) if isinstance(value, memoryview) else value


def store(column: str, pk: Any, value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{TABLE}" SET "{column}" = %s WHERE id = %s', [value, pk])


@pytest.fixture
def jane(people: type[Person]) -> Person:
    person: Person = people.objects.create(
        name="Jane",
        email="Jane.Doe@Example.com",
        login="jane@work.example",
        phone="229.077.5154",
        notes="Likes tea – 茶",
        story="Once upon a time",
        address={"street": "Elm", "lines": [1, None]},
    )
    return person


def test_every_value_comes_back_as_it_was_written(jane: Person) -> None:
    again = Person.objects.get(pk=jane.pk)
    assert again.email == "Jane.Doe@Example.com"
    assert again.phone == "229.077.5154"
    assert again.notes == "Likes tea – 茶"
    assert again.address == {"street": "Elm", "lines": [1, None]}


def test_no_value_stands_in_the_table_in_clear(jane: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text, encode(email, 'escape') FROM \"{TABLE}\" t")
        row = "".join(cursor.fetchone()).lower()
    for text in ("jane.doe", "example", "2290775154", "077", "tea", "upon", "elm"):
        assert text not in row or text == "077"
        assert text.encode().hex() not in row


def test_nothing_is_stored_as_null_and_comes_back_as_nothing(people: type[Person]) -> None:
    person = people.objects.create()
    for column in ("email", "email_index", "email_grams", "notes", "address"):
        assert stored(column, person.pk) is None
    again = people.objects.get(pk=person.pk)
    assert (again.email, again.notes, again.address) == ("", "", {})
    again.address["street"] = "Elm"
    assert people.objects.get(pk=person.pk).address == {}


def test_a_value_is_decrypted_only_when_it_is_read(jane: Person) -> None:
    held = Person.objects.get(pk=jane.pk).__dict__
    assert isinstance(held["email"], Sealed)
    again = Person.objects.get(pk=jane.pk)
    assert again.email
    assert again.__dict__["email"] == "Jane.Doe@Example.com"


@pytest.mark.parametrize("column", ["email", "notes", "address"])
def test_every_altered_byte_in_the_table_is_refused(jane: Person, column: str) -> None:
    blob = stored(column, jane.pk)
    for at in range(1, len(blob)):
        altered = bytearray(blob)
        altered[at] ^= 0xFF
        store(column, jane.pk, bytes(altered))
        with pytest.raises(TamperedCiphertext):
            getattr(Person.objects.get(pk=jane.pk), column)


def test_a_ciphertext_moved_to_another_row_or_column_is_refused(jane: Person) -> None:
    other = Person.objects.create(email="other@example.com")
    store("email", other.pk, stored("email", jane.pk))
    store("notes", jane.pk, stored("email", jane.pk))
    with pytest.raises(TamperedCiphertext):
        _ = Person.objects.get(pk=other.pk).email
    with pytest.raises(TamperedCiphertext):
        _ = Person.objects.get(pk=jane.pk).notes


def test_a_ciphertext_moved_to_another_table_is_refused(jane: Person) -> None:
    letter = Letter.objects.create(pk=jane.pk, person=jane)
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{Letter._meta.db_table}" SET email = %s', [stored("email", jane.pk)])
    with pytest.raises(TamperedCiphertext):
        _ = Letter.objects.get(pk=letter.pk).email


def test_a_value_of_one_organisation_does_not_open_in_another(jane: Person, organization_b: Any) -> None:
    again = Person.objects.get(pk=jane.pk)
    with organization_scope(organization_b), pytest.raises(TamperedCiphertext):
        _ = again.email
    assert again.email == "Jane.Doe@Example.com"


def test_the_database_refuses_what_was_written_past_the_field_in_clear(jane: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        store("notes", jane.pk, b"clear text")


def test_a_row_without_primary_key_cannot_take_a_value(people: type[Person]) -> None:
    with pytest.raises(UnsealableValue, match="primary key"), transaction.atomic():
        Numbered.objects.create(secret="x")
    numbered = Numbered.objects.create()
    numbered.secret = "x"
    numbered.save()
    assert Numbered.objects.get().secret == "x"


def test_a_copy_under_a_new_key_is_encrypted_for_it(jane: Person) -> None:
    again = Person.objects.get(pk=jane.pk)
    again.pk, again.login = Person().pk, ""
    again._state.adding = True
    again.save()
    assert Person.objects.get(pk=again.pk).email == "Jane.Doe@Example.com"
    assert Person.objects.get(pk=again.pk).notes == "Likes tea – 茶"


def test_saving_named_fields_keeps_the_companions_in_step(jane: Person) -> None:
    jane.email = "new@example.net"
    jane.save(update_fields=["email"])
    assert Person.objects.get(email="NEW@example.net") == jane
    assert list(Person.objects.filter(email__contains="w@exa")) == [jane]
    assert not Person.objects.filter(email="jane.doe@example.com").exists()


def test_saving_other_fields_leaves_the_value_alone(jane: Person) -> None:
    before = stored("email", jane.pk), stored("email_index", jane.pk), stored("email_grams", jane.pk)
    for person in (Person.objects.only("name").get(), Person.objects.defer("email").get()):
        person.name = "Janet"
        person.save()
    after = stored("email", jane.pk), stored("email_index", jane.pk), stored("email_grams", jane.pk)
    assert before == after


def test_deferred_and_refreshed_values_are_read(jane: Person) -> None:
    person = Person.objects.only("name").get()
    assert person.get_deferred_fields() >= {"email", "notes"}
    assert person.email == "Jane.Doe@Example.com"
    Person.objects.filter(pk=jane.pk).update(email="")
    person.refresh_from_db(fields=["email"])
    assert person.email == ""
    jane.refresh_from_db()
    assert jane.email == ""


def test_a_pickle_holds_ciphertext_and_opens_again(jane: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "get_model", lambda *_label: Person)  # the shelf is no installed app
    dump = pickle.dumps(Person.objects.get(pk=jane.pk))
    assert b"Example.com" not in dump
    assert pickle.loads(dump).email == "Jane.Doe@Example.com"
    assert copy.deepcopy(Person.objects.get(pk=jane.pk)).email == "Jane.Doe@Example.com"


def test_expressions_are_refused_as_values(jane: Person) -> None:
    for expression in (F("name"), Lower(Value("A@B.C")), Value("a@b.c")):
        jane.email = expression  # type: ignore[assignment]
        with pytest.raises(UnsealableValue):
            jane.save()
        with pytest.raises(UnanswerableLookup):
            Person.objects.update(email=expression)


def test_a_queryset_that_knows_nothing_of_encryption_writes_nothing(jane: Person) -> None:
    plain: Any = models.QuerySet(Person)
    for value in ("a@b.c", "", None, Value("a@b.c")):
        with pytest.raises(UnanswerableLookup, match="bulk_update"):
            plain.update(email=value)
    with pytest.raises(UnanswerableLookup):
        plain.bulk_update([jane], ["email"])


def test_an_address_is_unique_without_regard_to_case(jane: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(login="JANE@Work.example")
    with pytest.raises(ValidationError) as caught:
        Person(login="JANE@work.example").full_clean()
    assert set(caught.value.message_dict) == {"login"}
    jane.full_clean()
    Person.objects.create()
    Person.objects.create()  # nobody's address is nobody's duplicate


def test_get_or_create_and_update_or_create_find_by_the_index(jane: Person) -> None:
    assert Person.objects.get_or_create(login="Jane@WORK.example") == (jane, False)
    person, created = Person.objects.update_or_create(
        login="jane@work.example", defaults={"email": "x@y.example"}
    )
    assert (person.pk, created) == (jane.pk, False)
    assert Person.objects.get(email="x@y.example") == jane
    person, created = Person.objects.get_or_create(
        login="new@work.example", defaults={"phone": "+49 89 1234567"}
    )
    assert created
    assert Person.objects.get(phone="+49891234567") == person


def test_forms_know_the_kinds_and_check_them(people: type[Person]) -> None:
    form_class: Any = modelform_factory(Person, fields="__all__")
    kinds = {name: type(field).__name__ for name, field in form_class().fields.items()}
    assert kinds == {
        "email": "EmailField",
        "name": "CharField",
        "login": "EmailField",
        "phone": "CharField",
        "notes": "CharField",
        "story": "CharField",
        "address": "JSONField",
    }
    assert type(form_class().fields["notes"].widget).__name__ == "Textarea"
    assert set(form_class({"email": "nobody", "phone": "1" * 65, "address": "{"}).errors) == {
        "email",
        "phone",
        "address",
    }
    form = form_class({"email": " a@b.example ", "address": '{"city": "Ulm"}'})
    person = form.save()
    assert Person.objects.get(email="a@b.example").address == {"city": "Ulm"}
    assert form_class(instance=Person.objects.get(pk=person.pk)).initial["email"] == "a@b.example"


def test_too_long_and_wrong_values_do_not_validate(people: type[Person]) -> None:
    with pytest.raises(ValidationError) as caught:
        Person(email=f"{'a' * 250}@example.com", address={"a": object()}).full_clean()
    assert set(caught.value.message_dict) == {"email", "address"}


def test_a_fixture_round_trip_encrypts_again(jane: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "get_model", lambda _label: Person)  # the shelf is no installed app
    pk = jane.pk
    dump = serializers.serialize("json", [Person.objects.get(pk=jane.pk)])
    assert "email_index" not in dump
    jane.delete()
    for item in serializers.deserialize("json", io.StringIO(dump)):
        item.save()
    again = Person.objects.get(email="jane.doe@example.com")
    assert (again.pk, again.address) == (pk, {"street": "Elm", "lines": [1, None]})
    assert list(Person.objects.filter(phone__contains="0775")) == [again]


def test_companions_follow_and_are_not_fetched(jane: Person) -> None:
    again = Person.objects.get(pk=jane.pk)
    assert again.__dict__["email_grams"] is None
    assert again.email_index == stored("email_index", jane.pk)
    names = {field.name for field in Person._meta.concrete_fields if is_companion(field)}
    assert names == {f"{n}_{k}" for n in ("email", "login", "phone", "story") for k in ("index", "grams")}


def test_the_admin_and_forms_do_not_see_companions() -> None:
    assert not any(field.editable for field in Person._meta.concrete_fields if is_companion(field))


@pytest.mark.parametrize("option", ["primary_key", "db_index", "null"])
def test_options_that_make_no_sense_are_refused(option: str) -> None:
    with pytest.raises(TypeError, match=option):
        EncryptedTextField(**{option: True})
    with pytest.raises(TypeError, match="searched"):
        EncryptedJSONField(exact=True)


@pytest.mark.parametrize(
    "field",
    [
        EncryptedTextField(blank=True),
        EncryptedTextField(exact=True, fragments=True),
        EncryptedTextField(unique=True, max_length=5),
        EncryptedEmailField(),
        EncryptedEmailField(unique=True),
        EncryptedEmailField(blank=True, exact=False),
        EncryptedEmailField(fragments=False),
        EncryptedJSONField(blank=True, default=list),
    ],
)
def test_a_field_survives_deconstruction(field: Any) -> None:
    path, args, kwargs = field.deconstruct()[1:]
    again = type(field)(*args, **kwargs)
    assert again.deconstruct()[1:] == (path, args, kwargs)
    for name in ("exact", "fragments", "blank", "null", "max_length", "_unique"):
        assert getattr(again, name) == getattr(field, name)


def test_checks_name_a_manager_that_knows_nothing_of_encryption_and_an_ordering_by_ciphertext() -> None:
    class Careless(models.Model):
        email = EncryptedEmailField()

        class Meta:
            app_label = "keyshelf_checks"
            ordering = ["-email"]

    found = {message.id for message in Careless.check() if message.id and message.id.startswith("keys.")}
    assert found == {"keys.E001", "keys.E002"}
    assert not [message for message in Person.check() if message.id and message.id.startswith("keys.")]
