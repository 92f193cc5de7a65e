"""``python -m bench JOB [--rows N]``: ours and its rival or limit in the same run, as ratios.

Works in a database of its own (``softswitch_bench``) with keys and files of its own, prints a table and
writes ``bench/out/JOB.json``.
"""

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

MODULES = {
    "import": "bench.imports",
    "list": "bench.lists",
    "provision": "bench.provision",
    "migrate": "bench.migrate",
    "crypto": "bench.crypto",
}
DATABASE = "softswitch_bench"
OUT = Path(__file__).parent / "out"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("job", choices=sorted(MODULES))
    parser.add_argument("--rows", type=int, default=None)
    options = parser.parse_args()
    home = Path(tempfile.gettempdir()) / "softswitch-bench"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["KEYRING_DIR"] = str(home / "keyring")
    os.environ["MEDIA_ROOT"] = str(home / "media")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    prepare_database()
    result: dict[str, Any] = importlib.import_module(MODULES[options.job]).run(options.rows)
    show(result)
    OUT.mkdir(exist_ok=True)
    (OUT / f"{options.job}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def prepare_database() -> None:
    """Make the bench's database where it is missing, and bring it to the code's version."""
    settings = importlib.import_module("config.settings")
    if settings.EMBEDDED_DATABASE:
        importlib.import_module("config.database.embedded").ensure_running(settings.EMBEDDED_DATABASE_DIR)
    default = settings.DATABASES["default"]
    names = {
        "host": default["HOST"],
        "port": default["PORT"],
        "user": default["USER"],
        "password": default["PASSWORD"],
    }
    given = {key: value for key, value in names.items() if value}
    with psycopg.connect(dbname=default["NAME"], autocommit=True, **given) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    default["NAME"] = DATABASE
    importlib.import_module("django").setup()
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)


def show(result: dict[str, Any]) -> None:
    """The table: figures, then goals with what was reached."""
    print(f"\n{result['job']}  {json.dumps(result['params'])}")
    width = max(map(len, [*result["figures"], *result["goals"]]), default=10)
    for name, value in result["figures"].items():
        print(
            f"  {name:<{width}}  {value:>14,.4g}"
            if isinstance(value, float)
            else f"  {name:<{width}}  {value!s:>14}"
        )
    print("goals")
    for name, goal in result["goals"].items():
        mark = "met" if goal["met"] else "NOT MET"
        print(f"  {name:<{width}}  {goal['value']:>10.4g}  target {goal['target']}  {mark}")


if __name__ == "__main__":
    sys.exit(main())
