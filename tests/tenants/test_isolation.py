"""Nothing of one organisation can be read or written from another."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import ProgrammingError, connection, transaction
from django.db.utils import DatabaseError

from crm.models import Contact
from tenants.scope import NoOrganization, current_organization, organization_scope, platform_scope


def run(statement: str) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {other}.crm_contact",
        "INSERT INTO {other}.crm_tag (id, name, hue, created_at) VALUES (gen_random_uuid(), 'x', 1, now())",
        "UPDATE {other}.crm_contact SET first_name = 'x'",
        "DELETE FROM {other}.crm_contact",
        "TRUNCATE {other}.crm_contact",
        "DROP TABLE {other}.crm_contact",
        "SELECT * FROM public.tenants_organization",
        "UPDATE public.tenants_organization SET name = 'x'",
        "CREATE TABLE {other}.planted (id int)",
        "DELETE FROM compliance_auditentry",
        "UPDATE compliance_auditentry SET action = 'x'",
        "CREATE ROLE planted",
    ],
)
def test_an_organisations_role_is_refused_outside_its_own_schema(in_a, organization_b, statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        run(statement.format(other=organization_b.schema_name))


def test_a_flipped_search_path_reads_nothing_of_another_organisation(in_a, organization_b):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {organization_b.schema_name}")
        with pytest.raises(ProgrammingError):
            cursor.execute("SELECT * FROM crm_contact")
        transaction.set_rollback(True)


def test_a_missing_table_raises_and_does_not_fall_through_to_public(in_a):
    with pytest.raises(ProgrammingError, match="does not exist"):
        run("SELECT * FROM tenants_organization")


def test_the_platform_sees_no_record_of_an_organisation(organization_a):
    with platform_scope(), pytest.raises(ProgrammingError, match="permission denied"):
        run(f"SELECT * FROM {organization_a.schema_name}.crm_contact")


def test_a_role_that_is_gone_makes_the_cursor_fail_loudly(in_a):
    in_a.schema_name = "org_nobody"
    connection.set_tenant(in_a)
    with pytest.raises(DatabaseError, match="does not exist"), transaction.atomic():
        connection.cursor()


def test_role_and_path_follow_the_scope_inside_one_transaction(organization_a, organization_b):
    def where() -> tuple[str, str]:
        return run("SELECT current_user::text, current_schema()::text")[0]

    with transaction.atomic():
        for organization in (organization_a, organization_b, organization_a):
            with organization_scope(organization):
                role, schema = where()
                assert schema == organization.schema_name
                assert role.endswith(f"_{organization.schema_name}")
        assert where()[1] == "public"


def test_a_rolled_back_savepoint_leaves_the_scope_as_it_was(in_a, organization_b):
    with transaction.atomic():
        with organization_scope(organization_b):
            Contact.objects.exists()
        transaction.set_rollback(True)
    assert run("SELECT current_schema()::text")[0][0] == in_a.schema_name


def test_nested_scopes_come_back_to_where_they_were(in_a, organization_b):
    with organization_scope(organization_b):
        with platform_scope(), pytest.raises(NoOrganization):
            current_organization()
        assert current_organization() == organization_b
    assert current_organization() == in_a


def test_the_cache_keeps_organisations_apart(in_a, organization_b):
    cache.set("answer", "of A")
    with organization_scope(organization_b):
        assert cache.get("answer") is None
    assert cache.get("answer") == "of A"


def test_a_session_of_one_organisation_is_nobody_in_another(client_a, client_b, alice, charlie):
    client_a.force_login(alice)
    client_b.cookies = client_a.cookies
    assert client_a.get("/admin/").status_code == 200
    answer = client_b.get("/admin/")
    assert answer.status_code == 302
    assert "login" in answer.url


def test_an_unknown_host_is_refused(client_a):
    assert client_a.get("/admin/", SERVER_NAME="nobody.localhost").status_code == 404
    assert client_a.get("/admin/", SERVER_NAME="evil.example").status_code == 404


def test_two_thousand_alternating_reads_from_eight_threads_are_all_right(
    organization_a, organization_b, django_db_blocker
):
    organizations = (organization_a, organization_b)
    wrong: list[str] = []

    def ask(number: int) -> None:
        organization = organizations[number % 2]
        with organization_scope(organization), connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()::text, current_user::text")
            schema, role = cursor.fetchone()
            if schema != organization.schema_name or not role.endswith(organization.schema_name):
                wrong.append(threading.current_thread().name)

    def work(start: int) -> None:
        try:
            for number in range(start, 2_000, 8):
                ask(number)
        finally:
            connection.close()

    with django_db_blocker.unblock(), ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert wrong == []
