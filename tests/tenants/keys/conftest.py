"""The shelf's tables inside organisation A, and a key ring that a test may break."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.state import ModelState, ProjectState

from tenants.keys import ring
from tenants.scope import role_mode
from tests.tenants.keys import shelf


def make_tables() -> None:
    """Create the shelf's tables in the current schema, for its own role to use."""
    wrapper: Any = connection
    state = ProjectState()
    for model in shelf.MODELS:
        state.add_model(ModelState.from_model(model))
    # As a migration does it: from the state, not from the classes.
    with role_mode("owner"), connection.schema_editor() as editor:
        for model in shelf.MODELS:
            editor.create_model(state.apps.get_model(model._meta.label_lower))
    role = wrapper.role_name(wrapper.schema_name)
    with role_mode("owner"), connection.cursor() as cursor:
        for model in shelf.MODELS:
            cursor.execute(f'GRANT ALL ON "{model._meta.db_table}" TO "{role}"')
        cursor.execute(f'GRANT ALL ON SEQUENCE "{shelf.Numbered._meta.db_table}_id_seq" TO "{role}"')


@pytest.fixture
def people(in_a: object) -> type[shelf.Person]:
    """The Person model, with its table in organisation A."""
    make_tables()
    return shelf.Person


@pytest.fixture
def own_ring(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """An empty key ring of the test's own."""
    settings.KEYRING_AUTO_CREATE = True
    settings.KEYRING_DIR = tmp_path / "keyring"
    yield settings.KEYRING_DIR
    ring.forget()
