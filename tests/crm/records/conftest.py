"""People and companies for the records' tests."""

from collections.abc import Callable
from typing import Any

import pytest

from crm.models import Contact


@pytest.fixture
def people(in_a: Any) -> Callable[..., list[Contact]]:
    """Makes contacts, oldest first: ``people(3, country="DE")``."""

    def make(count: int, **values: Any) -> list[Contact]:
        made = []
        for number in range(count):
            given = {
                "first_name": "Ada",
                "last_name": f"Person{number:03d}",
                "email": f"ada.{number:03d}@post.example",
            }
            contact = Contact(**(given | values))
            contact.save()
            made.append(contact)
        return made

    return make
