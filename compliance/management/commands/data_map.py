"""``manage.py data_map``: what each column holds about people."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from compliance.data_map import selectors


class Command(BaseCommand):
    help = "Prints which columns hold personal data, what for, and what becomes of them on erasure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = selectors.rows()
        personal = [row for row in rows if row["holds"] == "personal"]
        if options["json"]:
            summary = {"columns": len(rows), "personal": len(personal), "map": rows}
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
            return
        for row in personal:
            self.stdout.write(
                f"{row['model']:<24} {row['field']:<22} {row['category']:<12}"
                f" {', '.join(row['purposes']):<20} {row['erasure']}"
            )
        self.stdout.write(f"{len(personal)} of {len(rows)} columns hold personal data.")
