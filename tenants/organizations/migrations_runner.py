"""Bringing ``public``, the template and every organisation to the code's version.

The template schema goes first. What its migration executes is recorded, and organisations that stand where
the template stood get exactly those statements, many to a transaction; a migration that runs Python is
carried out organisation by organisation instead. An organisation's version moves in the transaction that
changes its schema, so that an interrupted run goes on where it stopped.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython

from tenants.database import connection
from tenants.keys import ring
from tenants.organizations import blueprint, database
from tenants.organizations.blueprint import TEMPLATE_SCHEMA
from tenants.organizations.models import Organization, SchemaBlueprint, SchemaChange
from tenants.organizations.versions import code_version, organization_app_labels
from tenants.scope import PLATFORM_ID, PUBLIC, organization_scope, platform_scope, role_mode

BATCH = 100  # organisations in one transaction


@dataclass
class MigrationReport:
    """How many organisations there are, were brought up to date, and failed (slug and kind of error)."""

    organizations: int = 0
    migrated: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def prepare(*, say: Callable[[str], None] = lambda text: None) -> None:
    """Roles, ``public`` and the template at the code's version; quick when they are."""
    database.prepare_roles()
    ring.create_keys(PLATFORM_ID)
    with role_mode("owner"), platform_scope():
        migrate_here(labels=None)
        with connection.cursor() as cursor:
            database.grant_schema(cursor, PUBLIC)
    with platform_scope():
        if SchemaBlueprint.objects.filter(version=code_version()).exists():
            return
    say("Preparing the template of organisations")
    _prepare_template()


def _prepare_template() -> None:
    version_before = _template_version()
    recorder = _Recorder()
    with role_mode("owner"), _schema(TEMPLATE_SCHEMA), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {TEMPLATE_SCHEMA}")
        with connection.execute_wrapper(recorder):
            replayable = migrate_here(labels=organization_app_labels())
        with connection.cursor() as cursor:
            statements = blueprint.read(cursor)
    with platform_scope():
        SchemaBlueprint.objects.update_or_create(version=code_version(), defaults={"statements": statements})
        if version_before and version_before != code_version():
            SchemaChange.objects.update_or_create(
                from_version=version_before,
                defaults={
                    "to_version": code_version(),
                    "statements": recorder.statements if replayable else None,
                },
            )


def _template_version() -> str:
    with platform_scope():
        latest = SchemaBlueprint.objects.order_by("-created_at").first()
    return latest.version if latest else ""


class _Recorder:
    """Keeps every statement that changes something, with its values filled in."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(statement)
        if (
            not text.lstrip()
            .upper()
            .startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET CONSTRAINTS"))
        ):
            cursor = context["cursor"]
            self.statements.append(cursor.mogrify(text, params) if params else text)
        return execute(statement, params, many, context)


def migrate_here(*, labels: frozenset[str] | None) -> bool:
    """Run what is missing in the current schema; True if none of it was Python."""
    executor = MigrationExecutor(connection)
    targets = [key for key in executor.loader.graph.leaf_nodes() if labels is None or key[0] in labels]
    plan = executor.migration_plan(targets)
    if labels is not None:
        plan = [step for step in plan if step[0].app_label in labels]
    if plan:
        executor.migrate(targets, plan=plan)
    return not any(
        isinstance(operation, RunPython) and operation.code is not RunPython.noop
        for migration, _backwards in plan
        for operation in migration.operations
    )


@contextmanager
def _schema(name: str) -> Iterator[None]:
    before = connection.tenant
    connection.set_schema(name)
    try:
        yield
    finally:
        connection.set_tenant(before)


def migrate_all(*, workers: int = 1, only: str | None = None) -> MigrationReport:
    """Bring every organisation to the code's version. One query when all are."""
    report = MigrationReport()
    with platform_scope():
        organizations = Organization.objects.filter(slug=only) if only else Organization.objects.all()
        report.organizations = organizations.count()
        behind = list(organizations.exclude(schema_version=code_version()).order_by("schema_version", "id"))
        changes = {change.from_version: change for change in SchemaChange.objects.all()} if behind else {}
    batches = [behind[start : start + BATCH] for start in range(0, len(behind), BATCH)]
    if workers > 1 and len(batches) > 1:
        with ThreadPoolExecutor(workers) as pool:
            outcomes = list(pool.map(lambda batch: _migrate_in_thread(batch, changes), batches))
    else:
        outcomes = [_migrate_batch(batch, changes) for batch in batches]
    for failed in outcomes:
        report.failed |= failed
    report.migrated = len(behind) - len(report.failed)
    return report


def _migrate_in_thread(batch: list[Organization], changes: dict[str, SchemaChange]) -> dict[str, str]:
    try:
        return _migrate_batch(batch, changes)
    finally:
        connection.close()


def _migrate_batch(batch: list[Organization], changes: dict[str, SchemaChange]) -> dict[str, str]:
    """All of the batch in one transaction, or, where that fails, one by one to name the culprit."""
    try:
        with transaction.atomic():
            for organization in batch:
                _migrate_one(organization, changes)
        return {}
    except Exception:  # noqa: BLE001 - whatever it was, the others must not wait for it
        failed = {}
        for organization in batch:
            try:
                with transaction.atomic():
                    _migrate_one(organization, changes)
            except Exception as error:  # noqa: BLE001 - reported by its kind
                failed[organization.slug] = type(error).__name__
        return failed


def _migrate_one(organization: Organization, changes: dict[str, SchemaChange]) -> None:
    version = organization.schema_version
    with role_mode("owner"), organization_scope(organization), connection.cursor() as cursor:
        new_tables = False
        while (change := changes.get(version)) and change.statements is not None:
            blueprint.replay(cursor, change.statements, organization.schema_name)
            new_tables |= any(statement.startswith("CREATE TABLE") for statement in change.statements)
            version = change.to_version
        if version != code_version():
            migrate_here(labels=organization_app_labels())
            new_tables = True
        if new_tables:
            database.grant_schema(cursor, organization.schema_name)
    with platform_scope():
        moved = Organization.objects.filter(pk=organization.pk, schema_version=organization.schema_version)
        moved.update(schema_version=code_version())


def schema_exists(name: str) -> bool:
    """Whether the database holds a schema of that name."""
    with role_mode("login"), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name])
        return cursor.fetchone() is not None
