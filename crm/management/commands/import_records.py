"""``manage.py import_records``: a file into the records of an organisation."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from crm.imports import mapping as mappings
from crm.imports import reader, rejects, rules, running, services
from crm.imports.models import Import
from crm.imports.rules import Fill, Mode
from crm.imports.targets import KINDS
from tenants.errors import DomainError
from tenants.jobs import services as jobs
from tenants.jobs.errors import JobRefused
from tenants.jobs.models import Job, JobState
from tenants.organizations.models import Organization
from tenants.scope import organization_scope, platform_scope

POLL_SECONDS = 0.2


class Command(BaseCommand):
    help = "Imports a CSV, TSV or XLSX file. Rows = new + updated + unchanged + duplicate + rejected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--org", required=True, metavar="SLUG")
        parser.add_argument("--mapping", type=Path, metavar="FILE", help='JSON: {"column header": "field"}.')
        parser.add_argument(
            "--match",
            default="",
            metavar="KEYS",
            help="How records are recognised, such as email,external_id.",
        )
        parser.add_argument("--mode", choices=Mode.values, default=Mode.BOTH)
        parser.add_argument("--fill", choices=Fill.values, default=Fill.OVERWRITE)
        parser.add_argument("--date-order", choices=["dmy", "mdy"], default="")
        parser.add_argument("--decimal", choices=[".", ","], default="")
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="Where rejected rows are written.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, write nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope():
            organization = Organization.objects.filter(slug=options["org"]).first()
        if organization is None:
            raise CommandError(f"There is no organisation {options['org']}.")
        try:
            with options["file"].open("rb") as file, organization_scope(organization):
                self._import(file, options)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(" ".join(str(error).split())) from error

    def _import(self, file: BinaryIO, options: dict[str, Any]) -> None:
        started = time.perf_counter()
        kind = options["kind"]
        chosen = rules.checked(
            kind,
            match=tuple(filter(None, options["match"].split(","))),
            mode=options["mode"],
            fill=options["fill"],
            date_order=options["date_order"],
            decimal=options["decimal"],
        )
        given = mappings.from_json(options["mapping"].read_text("utf-8")) if options["mapping"] else None
        outcome: dict[str, Any]
        if options["dry_run"]:
            outcome = self._rehearse(file, kind, given, chosen)
        else:
            outcome = self._run(file, kind, given, chosen, options)
        outcome["seconds"] = round(time.perf_counter() - started, 3)
        self._report(outcome, as_json=options["json"])

    def _rehearse(
        self, file: BinaryIO, kind: str, given: dict[str, Any] | None, chosen: rules.Rules
    ) -> dict[str, Any]:
        shape = reader.inspect(file)
        mapping = mappings.checked(
            mappings.auto_map(shape.header, kind) if given is None else given, shape.header, kind
        )
        found = running.rehearse(file, running.Setup(kind, shape, mapping, chosen))
        return {**found.tally.as_json(), "rejects_file": None, "job": None, "dry_run": True}

    def _run(
        self,
        file: BinaryIO,
        kind: str,
        given: dict[str, Any] | None,
        chosen: rules.Rules,
        options: dict[str, Any],
    ) -> dict[str, Any]:
        item = services.create_draft(kind=kind, file=file, file_name=options["file"].name, actor=None)
        try:
            services.set_rules(item=item, chosen=chosen, actor=None)
            services.set_mapping(item=item, mapping=item.mapping if given is None else given, actor=None)
        except DomainError:
            services.discard(item=item, actor=None)
            raise
        job = _run_or_wait(services.start(item=item, actor=None))
        item.refresh_from_db()
        if job.state != JobState.SUCCEEDED:
            raise CommandError(f"The import did not finish ({job.state}): {job.error or job.error_reference}")
        path = self._write_rejects(item, options) if item.rejected else None
        return {**item.counts, "rejects_file": path and str(path), "job": str(job.pk)}

    def _write_rejects(self, item: Import, options: dict[str, Any]) -> Path:
        source: Path = options["file"]
        path: Path = options["rejects"] or source.with_name(f"{source.stem}.rejects.csv")
        with path.open("w", encoding="utf-8", newline="") as target:
            target.writelines(rejects.rejects_csv(item))
        return path.resolve()

    def _report(self, outcome: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(outcome))
            return
        counted = ", ".join(f"{outcome[name]} {name}" for name in running.OUTCOMES)
        self.stdout.write(f"{outcome['rows']} rows in {outcome['seconds']} s: {counted}")
        if outcome["rejects_file"]:
            self.stdout.write(f"Rejected rows: {outcome['rejects_file']}")


def _run_or_wait(job: Job) -> Job:
    """Run the job here, or wait for the worker that was quicker."""
    try:
        return jobs.run_now(job.pk)
    except JobRefused:
        while not job.has_ended:
            time.sleep(POLL_SECONDS)
            job.refresh_from_db()
        return job
