"""How long a new organisation takes, against migrating a schema, at 10 organisations and at many."""

import statistics
import time
from typing import Any

from django.db import transaction

from bench import organizations
from tenants.database import connection
from tenants.organizations import migrations_runner, services
from tenants.organizations.versions import organization_app_labels
from tenants.scope import role_mode

PREFIX = "prov"
SAMPLES = 9


def run(rows: int | None) -> dict[str, Any]:
    """``rows`` is the larger number of organisations (1,000 by default)."""
    many = rows or 1_000
    organizations.remove(PREFIX)
    organizations.make(10, PREFIX)
    few_ours, few_stock = _ours("few"), _stock()
    organizations.make(many, PREFIX)
    organizations.analyze_catalog()
    many_ours, many_stock = _ours("many"), _stock()
    organizations.remove(PREFIX)
    growth = many_ours / few_ours
    return {
        "job": "provision",
        "params": {"organizations": many, "samples": SAMPLES},
        "figures": {
            "ours at 10, s": few_ours,
            "migrate at 10, s": few_stock,
            f"ours at {many}, s": many_ours,
            f"migrate at {many}, s": many_stock,
            "migrate / ours": many_stock / many_ours,
        },
        "goals": {
            "seconds for a new organisation": {
                "target": "<= 0.3",
                "value": many_ours,
                "met": many_ours <= 0.3,
            },
            "growth from 10": {"target": "<= 1.5", "value": growth, "met": growth <= 1.5},
        },
    }


def _ours(label: str) -> float:
    """The median seconds of ``create_organization``."""
    times = []
    for number in range(SAMPLES):
        started = time.perf_counter()
        services.create_organization(
            name="Sample", slug=f"{PREFIX}-{label}-{number}", owner_email=f"owner@{label}{number}.example"
        )
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _stock() -> float:
    """The median seconds of running the migrations in an empty schema, as stock provisioning does."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        with transaction.atomic(), role_mode("owner"):
            connection.set_schema("bench_migrated")
            try:
                with connection.cursor() as cursor:
                    cursor.execute("CREATE SCHEMA bench_migrated")
                migrations_runner.migrate_here(labels=organization_app_labels())
                times.append(time.perf_counter() - started)
            finally:
                connection.set_schema_to_public()
                transaction.set_rollback(True)
    return statistics.median(times)
