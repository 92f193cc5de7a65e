"""Making and removing many organisations for a measurement."""

from django.db import connection

from tenants.keys import ring
from tenants.organizations import database, services
from tenants.organizations.models import Organization
from tenants.scope import platform_scope, role_mode


def make(count: int, prefix: str) -> None:
    """See to it that ``count`` organisations whose addresses begin with ``prefix`` exist."""
    with platform_scope():
        have = Organization.objects.filter(slug__startswith=prefix).count()
    for number in range(have, count):
        services.create_organization(
            name=f"Bench {number}",
            slug=f"{prefix}{number:05d}",
            owner_email=f"owner@{prefix}{number}.example",
        )


def remove(prefix: str) -> None:
    """Remove the organisations whose addresses begin with ``prefix``."""
    with platform_scope():
        doomed = list(Organization.objects.filter(slug__startswith=prefix))
        Organization.objects.filter(slug__startswith=prefix).delete()
    for organization in doomed:
        database.drop_schema_and_role(organization.schema_name)
        ring.destroy_keys(organization.pk)


def analyze_catalog() -> None:
    """Fresh statistics of the catalog, as after any bulk creation (needs a right that the login may lack)."""
    with role_mode("login"), connection.cursor() as cursor:
        for table in ("pg_class", "pg_attribute", "pg_namespace", "pg_index", "pg_constraint"):
            cursor.execute(f"ANALYZE pg_catalog.{table}")
