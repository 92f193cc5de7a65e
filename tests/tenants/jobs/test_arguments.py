import uuid

import pytest

from tenants.jobs.arguments import plain, without_addresses
from tenants.jobs.errors import PersonalValue
from tenants.jobs.models import JobState


def test_ids_choices_numbers_and_lists_of_them_pass():
    key = uuid.uuid4()
    given = {
        "a": key,
        "b": JobState.QUEUED,
        "c": 3,
        "d": None,
        "e": [key, 1],
        "f": "crm.contact",
        "g": "2026-11-24",
    }
    assert plain(given) == {
        "a": str(key),
        "b": "queued",
        "c": 3,
        "d": None,
        "e": [str(key), 1],
        "f": "crm.contact",
        "g": "2026-11-24",
    }


@pytest.mark.parametrize(
    "value",
    ["ada@example.com", "Ada Lovelace", "+49 30 1234567", "0301234567", "030-123-4567", "x" * 101, ["a b"]],
)
def test_a_text_that_may_be_somebodys_is_refused_and_not_repeated(value):
    with pytest.raises(PersonalValue) as refusal:
        plain({"who": value})
    assert "Ada" not in str(refusal.value)
    assert "example" not in str(refusal.value)


def test_an_object_is_refused():
    with pytest.raises(TypeError, match="pass an id"):
        plain({"job": object()})


def test_a_result_with_an_address_is_refused():
    without_addresses("result", {"rows": 3, "email@": 1})
    with pytest.raises(PersonalValue):
        without_addresses("result", {"rejected": ["row 3: ada@example.com"]})
