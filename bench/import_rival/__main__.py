"""``python -m bench.import_rival FILE``: rows a second of each way, as one JSON object."""

import csv
import importlib
import io
import itertools
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.import_rival.settings"
UPLOADED, ONE_BY_ONE, BULK = 500, 2_000, 20_000
CONFIRMED = ("import_file_name", "original_file_name", "format", "resource")


def main() -> int:
    django: Any = importlib.import_module("django")
    django.setup()
    logging.disable(logging.CRITICAL)
    management: Any = importlib.import_module("django.core.management")
    management.call_command("migrate", run_syncdb=True, verbosity=0)
    with Path(sys.argv[1]).open(newline="", encoding="utf-8") as file:
        rows = list(itertools.islice(csv.reader(file), 1, BULK + 1))
    person: Any = importlib.import_module("bench.import_rival.models").Person
    resources: Any = importlib.import_module("bench.import_rival.resources")
    auditlog: Any = importlib.import_module("auditlog.registry").auditlog
    result = {}
    person.objects.all().delete()
    result["admin upload"] = _upload(rows[:UPLOADED], resources.COLUMNS)
    person.objects.all().delete()
    result["import-export"] = _import(resources.UpsertResource(), rows[:ONE_BY_ONE], resources.COLUMNS)
    person.objects.all().delete()
    auditlog.register(person)
    audited = _import(resources.UpsertResource(), rows[:ONE_BY_ONE], resources.COLUMNS)
    auditlog.unregister(person)
    result["import-export with auditlog"] = audited
    person.objects.all().delete()
    result["import-export, best bulk mode"] = _import(resources.BulkResource(), rows, resources.COLUMNS)
    print(json.dumps(result))
    return 0


def _import(resource: Any, rows: list[list[str]], columns: tuple[str, ...]) -> float:
    tablib: Any = importlib.import_module("tablib")
    dataset = tablib.Dataset(*rows, headers=columns)
    started = time.perf_counter()
    outcome = resource.import_data(dataset, dry_run=False, raise_errors=True, use_transactions=True)
    spent = time.perf_counter() - started
    if outcome.totals["new"] != len(rows):
        raise RuntimeError("The rival did not import all rows.")
    return len(rows) / spent


def _upload(rows: list[list[str]], columns: tuple[str, ...]) -> float:
    """Upload, preview and confirm through the admin's own pages."""
    client: Any = importlib.import_module("django.test").Client()
    users: Any = importlib.import_module("django.contrib.auth.models").User.objects
    importlib.import_module("django.test.utils").setup_test_environment()
    user = users.filter(username="bench").first() or users.create_superuser("bench", password="bench")  # noqa: S106
    client.force_login(user)
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    file = io.BytesIO(text.getvalue().encode())
    file.name = "people.csv"
    started = time.perf_counter()
    page = client.post(
        "/admin/import_rival/person/import/", {"format": "0", "resource": "0", "import_file": file}
    )
    fields = {name: page.context["confirm_form"].initial.get(name, "") for name in CONFIRMED}
    client.post("/admin/import_rival/person/process_import/", fields)
    spent = time.perf_counter() - started
    person: Any = importlib.import_module("bench.import_rival.models").Person
    if person.objects.count() != len(rows):
        raise RuntimeError("The rival's admin did not import all rows.")
    return len(rows) / spent


if __name__ == "__main__":
    sys.exit(main())
