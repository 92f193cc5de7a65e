"""Every column is declared, and an undeclared one is refused."""

import json
from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import models
from django.test.utils import isolate_apps

from compliance.data_map import checks, selectors
from crm.models import Contact
from tenants import personal_data
from tenants.keys.fields import EncryptedEmailField, EncryptedJSONField
from tenants.keys.querysets import EncryptedQuerySet
from tenants.personal_data import (
    TECHNICAL,
    Category,
    Erasure,
    Exempt,
    Personal,
    Purpose,
    searchable,
    technical,
)

NAME = Personal(Category.IDENTITY, (Purpose.CRM,), Erasure.DELETE)


def found(model, declared) -> list[tuple]:
    return [(error.id, error.msg) for error in checks.problems([model], {model: declared})]


def test_the_program_has_no_undeclared_column():
    assert run_checks(tags=["data_map"]) == []


def test_an_undeclared_column_is_refused():
    with isolate_apps("compliance"):

        class Visitor(models.Model):
            name = models.CharField(max_length=10)
            shoe_size = models.IntegerField()

            class Meta:
                app_label = "compliance"

        declared = {**technical("id"), "name": NAME}
        assert found(Visitor, declared) == [
            ("compliance.E001", "The column compliance.Visitor.shoe_size is not declared in the data map.")
        ]
        assert len(found(Visitor, {})) == 3
        assert found(Visitor, {**declared, "shoe_size": Exempt("A test.")}) == []


def test_an_undeclared_column_stops_the_program(monkeypatch: pytest.MonkeyPatch):
    declared = personal_data.declarations()
    del declared[Contact]["birth_date"]
    monkeypatch.setattr(personal_data, "declarations", lambda: declared)
    (error,) = run_checks(tags=["data_map"])
    assert error.id == "compliance.E001"
    assert error.is_serious()
    assert "crm.Contact.birth_date" in error.msg


def test_companions_of_an_encrypted_column_are_columns():
    with isolate_apps("compliance"):

        class Guest(models.Model):
            email = EncryptedEmailField()
            objects = models.Manager.from_queryset(EncryptedQuerySet)()

            class Meta:
                app_label = "compliance"

        missing = [message for _, message in found(Guest, {**technical("id"), "email": NAME})]
        assert [message.split()[2] for message in missing] == [
            "compliance.Guest.email_index",
            "compliance.Guest.email_grams",
        ]
        assert found(Guest, {**technical("id"), **searchable("email", NAME)}) == []


def test_a_table_between_two_models_has_columns():
    through = Contact.tags.through
    assert len(found(through, {})) == 3


def test_a_declaration_of_no_column_is_refused():
    with isolate_apps("compliance"):

        class Plain(models.Model):
            class Meta:
                app_label = "compliance"

        assert found(Plain, technical("id", "gone")) == [
            ("compliance.E002", "The data map declares compliance.Plain.gone, which is no column.")
        ]


def test_a_json_column_says_what_it_holds():
    with isolate_apps("compliance"):

        class Form(models.Model):
            answers = EncryptedJSONField(blank=True)
            options = models.JSONField(default=dict)

            class Meta:
                app_label = "compliance"

        vague = {**technical("id"), "answers": NAME, "options": TECHNICAL}
        assert [error for error, _ in found(Form, vague)] == ["compliance.E003", "compliance.E003"]
        said = Personal(Category.CONTACT, (Purpose.CRM,), Erasure.DELETE, keys=("street",))
        assert found(Form, {**vague, "answers": said, "options": Exempt("Switches.")}) == []


def test_a_declaration_is_complete():
    with pytest.raises(ValueError, match="purpose"):
        Personal(Category.IDENTITY, (), Erasure.DELETE)
    with pytest.raises(ValueError, match="law"):
        Personal(Category.IDENTITY, (Purpose.CRM,), Erasure.RETAIN)
    with pytest.raises(ValueError, match="reason"):
        Exempt(" ")
    with pytest.raises(ValueError, match="twice"):
        personal_data.declare(Contact, {"email": NAME})


def test_every_encrypted_column_of_a_record_is_personal():
    rows = {(row["model"], row["field"]): row for row in selectors.rows()}
    assert len(rows) > 200
    for field in Contact._meta.concrete_fields:
        if field.get_internal_type() == "BinaryField":
            assert rows["crm.contact", field.name]["holds"] == "personal"


def test_the_command_prints_the_map():
    out = StringIO()
    call_command("data_map", "--json", stdout=out)
    printed = json.loads(out.getvalue().splitlines()[-1])
    assert printed["columns"] == len(printed["map"])
    email = next(row for row in printed["map"] if (row["model"], row["field"]) == ("crm.contact", "email"))
    assert (email["category"], email["erasure"], email["portable"]) == ("contact", "delete", True)
    out = StringIO()
    call_command("data_map", stdout=out)
    assert f"{printed['personal']} of {printed['columns']} columns" in out.getvalue()
