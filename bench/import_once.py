"""One import in a process of its own, so that its memory can be told.

``python -m bench.import_once FILE ORG``
 prints two JSON objects: the command's result, and the peak of
resident memory in MB. ``--dry-run`` only rehearses.
"""

import argparse
import importlib
import json
import os
import resource
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
DATABASE = "softswitch_bench"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("org")
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    importlib.import_module("config.settings").DATABASES["default"]["NAME"] = DATABASE
    importlib.import_module("django").setup()
    management = importlib.import_module("django.core.management")
    arguments = ["contacts", str(options.file), "--org", options.org, "--json"]
    management.call_command(
        "import_records", *arguments, *(["--dry-run"] * options.dry_run), skip_checks=True
    )
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
