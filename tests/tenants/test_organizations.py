"""Organisations are made whole or not at all, and brought up to date without losing one."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from tenants.accounts.links import tokens
from tenants.accounts.models import Role, User
from tenants.organizations import blueprint, migrations_runner, services
from tenants.organizations.models import Domain, Organization, SchemaBlueprint, SchemaChange
from tenants.organizations.services import OrganizationRefused
from tenants.organizations.versions import code_version
from tenants.scope import organization_scope, platform_scope, role_mode

OLD = "0" * 64


def create(slug: str = "gamma", email: str = "owner@gamma.example") -> services.NewOrganization:
    return services.create_organization(name="Gamma", slug=slug, owner_email=email)


def test_a_new_organisation_has_an_owner_roles_a_pipeline_and_a_host(db):
    new = create()
    with organization_scope(new.organization):
        assert User.objects.get(email="OWNER@gamma.example") == new.owner
        assert new.owner.has_perm("crm.delete_contact")
        assert Role.objects.count() == 5
        assert connection.introspection.table_names()
    with platform_scope():
        assert Domain.objects.get(tenant=new.organization).domain == "gamma.localhost"


def test_the_replayed_schema_is_the_migrated_one(db, organization_a):
    """The blueprint read back from an organisation equals the one read from the template."""
    with role_mode("owner"), organization_scope(organization_a), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace",
            [organization_a.schema_name],
        )
        ours = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace", [blueprint.TEMPLATE_SCHEMA]
        )
        assert ours == cursor.fetchone()[0]
        template = columns(cursor, blueprint.TEMPLATE_SCHEMA)
        assert columns(cursor, organization_a.schema_name) == template
        assert len(template) > 100


def columns(cursor, schema):
    cursor.execute(
        "SELECT table_name, column_name, data_type, is_nullable, is_identity, column_default"
        " FROM information_schema.columns WHERE table_schema = %s ORDER BY 1, 2",
        [schema],
    )
    return cursor.fetchall()


@pytest.mark.parametrize("slug", ["", "a", "1abc", "two words", "a--b", "www", "über", "x" * 31, 'a"; drop'])
def test_a_bad_address_is_refused_with_a_reason(db, slug):
    with pytest.raises(OrganizationRefused) as refused:
        create(slug=slug)
    assert str(refused.value)


def test_a_taken_address_is_refused_and_leaves_the_first_alone(db, organization_a):
    with pytest.raises(OrganizationRefused, match="taken"):
        create(slug="alpha")
    with organization_scope(organization_a):
        assert Role.objects.count() == 5


def test_a_bad_owner_address_makes_nothing(db):
    with pytest.raises(OrganizationRefused):
        create(email="not an address")
    with platform_scope():
        assert not Organization.objects.filter(slug="gamma").exists()


def test_the_command_ends_with_one_json_object(db):
    out = StringIO()
    call_command(
        "create_organization", name="Delta", slug="delta", owner="o@delta.example", json=True, stdout=out
    )
    said = json.loads(out.getvalue().splitlines()[-1])
    assert said["slug"] == "delta"
    assert said["url"].startswith("http://delta.localhost")
    assert "/set-password/" in said["set_password_url"] or "password" in said["set_password_url"]


def test_the_command_says_why_in_one_line(db):
    with pytest.raises(CommandError, match="reserved"):
        call_command("create_organization", name="W", slug="www", owner="o@w.example")


def test_a_set_password_link_of_one_organisation_is_worthless_in_another(in_a, organization_b, alice):
    token = tokens.make_token(alice)
    assert tokens.check_token(alice, token)
    with organization_scope(organization_b):
        assert not tokens.check_token(alice, token)


def test_nothing_to_do_takes_the_same_few_queries_for_any_number(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        report = migrations_runner.migrate_all()
    assert report.migrated == 0


def test_an_organisation_that_is_behind_gets_the_recorded_change(db, organization_a):
    behind("ALTER TABLE crm_tag ADD COLUMN planted varchar(5) NULL")
    report = migrations_runner.migrate_all()
    assert (report.migrated, report.failed) == (report.organizations, {})
    with organization_scope(organization_a), connection.cursor() as cursor:
        cursor.execute("SELECT planted FROM crm_tag")
    with platform_scope():
        assert set(Organization.objects.values_list("schema_version", flat=True)) == {code_version()}


def test_one_organisation_that_fails_does_not_stop_the_others(db, organization_a, organization_b):
    with role_mode("owner"), organization_scope(organization_a), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE crm_tag ADD COLUMN planted int")
    behind("ALTER TABLE crm_tag ADD COLUMN planted varchar(5) NULL")
    report = migrations_runner.migrate_all()
    assert set(report.failed) == {"alpha"}
    with platform_scope():
        organization_b.refresh_from_db()
        organization_a.refresh_from_db()
    assert organization_b.schema_version == code_version()
    assert organization_a.schema_version == OLD


def behind(statement: str) -> None:
    with platform_scope():
        Organization.objects.update(schema_version=OLD)
        SchemaChange.objects.create(from_version=OLD, to_version=code_version(), statements=[statement])


def test_the_template_is_kept_for_the_codes_version(db):
    with platform_scope():
        assert SchemaBlueprint.objects.filter(version=code_version()).exists()


def test_an_organisations_role_cannot_change_its_own_tables(in_a):
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE crm_tag ADD COLUMN planted int")
