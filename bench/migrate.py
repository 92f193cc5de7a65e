"""Bringing many organisations to the code's version: nothing to do, and one added column, against stock."""

import time
from typing import Any

from django.db import connection

from bench import organizations
from tenants.organizations import migrations_runner
from tenants.organizations.models import Organization, SchemaChange
from tenants.organizations.versions import code_version
from tenants.scope import organization_scope, platform_scope, role_mode

PREFIX = "migr"
OLD = "0" * 64
STOCK_SAMPLES = 5
ADD_COLUMN = "ALTER TABLE crm_tag ADD COLUMN bench_note varchar(20) NULL"


def run(rows: int | None) -> dict[str, Any]:
    """``rows`` is the number of organisations (1,000 by default)."""
    many = rows or 1_000
    organizations.remove(PREFIX)
    organizations.make(50, PREFIX)
    at_50 = _change(50)
    organizations.remove(PREFIX)
    organizations.make(many, PREFIX)
    organizations.analyze_catalog()
    started = time.perf_counter()
    migrations_runner.migrate_all()
    no_op = time.perf_counter() - started
    each = _change(many)
    stock = _stock_no_op()
    organizations.remove(PREFIX)
    return {
        "job": "migrate",
        "params": {"organizations": many},
        "figures": {
            "no-op over all, s": no_op,
            "stock no-op, s each": stock,
            "stock no-op / ours": stock * many / no_op,
            "add a column, ms each": each * 1000,
            "add a column at 50, ms each": at_50 * 1000,
        },
        "goals": {
            "no-op of all, s": {"target": "<= 1", "value": no_op, "met": no_op <= 1},
            "real change, ms each": {"target": "<= 5", "value": each * 1000, "met": each * 1000 <= 5},
            "cost each against 50": {"target": "<= 1.2", "value": each / at_50, "met": each / at_50 <= 1.2},
        },
    }


def _change(count: int) -> float:
    """Seconds an organisation for one added column, replayed as a recorded change."""
    with platform_scope():
        ours = Organization.objects.filter(slug__startswith=PREFIX)
        ours.update(schema_version=OLD)
        SchemaChange.objects.create(from_version=OLD, to_version=code_version(), statements=[ADD_COLUMN])
    started = time.perf_counter()
    report = migrations_runner.migrate_all(workers=2)
    seconds = time.perf_counter() - started
    with platform_scope():
        SchemaChange.objects.filter(from_version=OLD).delete()
    if report.failed or report.migrated != count:
        raise RuntimeError(f"{report.migrated} of {count} migrated, {len(report.failed)} failed")
    return seconds / count


def _stock_no_op() -> float:
    """Seconds an organisation of Django's own executor finding nothing to do."""
    with platform_scope():
        sample = list(Organization.objects.filter(slug__startswith=PREFIX)[:STOCK_SAMPLES])
    started = time.perf_counter()
    for organization in sample:
        with role_mode("owner"), organization_scope(organization):
            migrations_runner.migrate_here(labels=None)
    connection.close()
    return (time.perf_counter() - started) / len(sample)
