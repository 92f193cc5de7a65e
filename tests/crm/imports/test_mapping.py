"""Header names to targets: the sample files map by themselves, wrong mappings are refused with the reason."""

import csv
from pathlib import Path

import pytest

from crm.imports import mapping
from crm.imports.mapping import InvalidMapping
from crm.imports.targets import KINDS, Target, UnknownKind, header_key, register, targets

DATA = Path(__file__).parents[2] / "data"


def header_of(name: str) -> tuple[str, ...]:
    with (DATA / name).open(newline="") as file:
        return tuple(next(csv.reader(file)))


def mapped(name: str, kind: str) -> dict[str, str]:
    return {column: target for column, target in mapping.auto_map(header_of(name), kind).items() if target}


def test_customers_map_by_themselves():
    assert mapped("customers-100.csv", "contacts") == {
        "Customer Id": "external_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Company": "company",
        "City": "city",
        "Country": "country",
        "Phone 1": "phone",
        "Phone 2": "other_phones",
        "Email": "email",
        "Subscription Date": "customer_since_on",
        "Website": "website",
    }


def test_people_map_and_what_has_no_place_is_listed_as_not_imported():
    found = mapping.auto_map(header_of("people-100.csv"), "contacts")
    assert found["Date of birth"] == "birth_date"
    assert found["User Id"] == "external_id"
    assert [column for column, target in found.items() if not target] == ["Index", "Sex"]


def test_leads_and_companies_map_by_themselves():
    leads = mapped("leads-100.csv", "leads")
    assert leads["Lead Owner"] == "owner"
    assert leads["Deal Stage"] == "status"
    assert (leads["Email 1"], leads["Email 2"]) == ("email", "other_emails")
    companies = mapped("organizations-100.csv", "companies")
    assert companies == {
        "Organization Id": "external_id",
        "Name": "name",
        "Website": "website",
        "Country": "country",
        "Description": "description",
        "Founded": "founded_year",
        "Industry": "industry",
        "Number of employees": "employees",
    }


def test_german_headers():
    header = (
        "Vorname",
        "Nachname",
        "E-Mail-Adresse",
        "Straße",
        "PLZ",
        "Ort",
        "Land",
        "Geburtsdatum",
        "Firma",
    )
    assert list(mapping.auto_map(header, "contacts").values()) == [
        "first_name", "last_name", "email", "street", "postal_code", "city", "country", "birth_date",
        "company",
    ]  # fmt: skip


def test_the_plainest_name_wins_and_further_ones_overflow():
    header = ("Work Email", "Email", "Email 3", "Email 2", "Mobile", "Phone")
    assert list(mapping.auto_map(header, "contacts").values()) == [
        "other_emails", "email", "other_emails", "other_emails", "other_phones", "phone",
    ]  # fmt: skip


def test_a_merged_name_is_used_only_where_its_parts_are_missing():
    assert mapping.auto_map(("Name", "Email"), "contacts")["Name"] == "full_name"
    assert mapping.auto_map(("Name", "First Name", "Email"), "contacts")["Name"] == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Nope": "email"}, "no column “Nope”"),
        ({"Mail": "e_mail"}, "“e_mail” is no field"),
        ({"Mail": "email", "Other": "email"}, "Two columns go to “Email”"),
        ({"Other": "website"}, "No column says what the rows are about"),
        ({}, "No column says"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_what_is_wrong(given, words):
    with pytest.raises(InvalidMapping) as caught:
        mapping.checked(given, ("Mail", "Other"), "contacts")
    assert words in str(caught.value)


def test_columns_are_found_whatever_the_case_and_null_means_not_imported():
    given = mapping.from_json('{"mail ": "email", "OTHER": null}')
    assert mapping.checked(given, ("Mail", "Other"), "contacts") == {"Mail": "email", "Other": ""}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "{"])
def test_what_is_no_mapping_file_is_refused(text):
    with pytest.raises(InvalidMapping):
        mapping.from_json(text)


def test_a_mapping_survives_its_file():
    found = mapping.auto_map(header_of("leads-100.csv"), "leads")
    assert (
        mapping.checked(mapping.from_json(mapping.to_json(found)), header_of("leads-100.csv"), "leads")
        == found
    )


def test_no_header_means_two_things():
    for kind in KINDS:
        keys: dict[str, str] = {}
        for target in targets(kind).values():
            for alias in (target.name, *target.aliases):
                assert keys.setdefault(header_key(alias), target.name) == target.name, (kind, alias)


def test_unknown_kinds_and_double_registration_are_refused():
    with pytest.raises(UnknownKind):
        targets("invoices")
    with pytest.raises(UnknownKind):
        register("invoices", Target("x", "X"))
    with pytest.raises(ValueError, match="twice"):
        register("contacts", Target("email", "Email"))
