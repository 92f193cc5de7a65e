"""Importing contacts: ours with everything on (validation, matching, encryption, n-grams, audit, checkpoints)
against stock django-import-export, and against COPY of the same eight columns into a plain table.

Ours runs through the command, in a process of its own for each import. Rounds of ours and COPY alternate; the
rivals, whose rates do not depend on the number of rows, import fewer.
"""

import csv
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from bench import organizations

PREFIX = "imp"
SCHEMA = "bench_plain"
RIVAL_DATABASE = "softswitch_bench_rival"
COLUMNS = ("Customer Id", "First Name", "Last Name", "Email", "Phone", "Job Title", "Country", "City")
COPY_BLOCK = 1 << 18
ROOT = Path(__file__).resolve().parents[1]
SHARED_DOMAINS = ("gmail.example", "outlook.example", "gmx.example", "web.example", "icloud.example")
COUNTRIES = ("Germany", "Austria", "Switzerland", "France", "United States of America", "Korea", "Chile")
CITIES = ("Bonn", "Graz", "Bern", "Lyon", "East Leonard", "Seoul", "Valdivia")
FIRST = (
    "Anna Ben Carla Deniz Elif Farid Greta Hugo Ines Jonas Kai Lara Milan Nora Oscar Paula Rosa Theo".split()
)
LAST = "Abel Bauer Costa Dietrich Eriksen Fontaine Gruber Hansen Ibrahim Jansen Keller Lopez Moreau".split()
TITLES = "Accountant Buyer Consultant Designer Engineer Manager Nurse Planner Teacher Welder".split()


@dataclass
class Measured:
    ours: list[float] = field(default_factory=list)
    copy: list[float] = field(default_factory=list)
    dry: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    into_full: list[float] = field(default_factory=list)
    memory: dict[int, float] = field(default_factory=dict)


def run(rows: int | None) -> dict[str, Any]:
    count = rows or 100_000
    rounds = 3 if count <= 100_000 else 1
    with tempfile.TemporaryDirectory(prefix="softswitch-bench-") as folder:
        files = {
            name: _write(Path(folder) / f"{name}.csv", size, start)
            for name, size, start in (
                ("whole", count, 0),
                ("tenth", max(count // 10, 1), 0),
                ("other", min(count, 100_000), count),
            )
        }
        rival = _rival(files["whole"])
        measured = Measured()
        tenth = _ours(files["tenth"], max(count // 10, 1), measured)
        for _round in range(rounds):
            measured.copy.append(count / _copy(files["whole"]))
            measured.ours.append(count / _ours(files["whole"], count, measured, keep=True))
            measured.copy.append(count / _copy(files["whole"]))
            measured.again.append(count / _again(files["whole"]))
            measured.into_full.append(min(count, 100_000) / _once(files["other"])["seconds"])
            organizations.remove(PREFIX)
            organizations.make(1, PREFIX)
            measured.dry.append(count / _once(files["whole"], "--dry-run")["seconds"])
    organizations.remove(PREFIX)
    return _result(count, rounds, measured, rival, tenth)


def _result(
    count: int, rounds: int, measured: Measured, rival: dict[str, float], tenth: float
) -> dict[str, Any]:
    ours, copy = statistics.median(measured.ours), statistics.median(measured.copy)
    dry, into_full = statistics.median(measured.dry), statistics.median(measured.into_full)
    small = max(count // 10, 1)
    more_memory = measured.memory[count] - measured.memory[small]
    ratios = {
        "ours / COPY": (ours / copy, 0.07),
        "ours / import-export with auditlog": (ours / rival["import-export with auditlog"], 25),
        "ours / stock admin upload": (ours / rival["admin upload"], 30),
        "ours / best bulk mode": (ours / rival["import-export, best bulk mode"], 1),
        "into a full table / into an empty one": (into_full / ours, 0.8),
        "dry run / run, rows/s": (dry / ours, 1),
    }
    goals: dict[str, Any] = {
        name: {"target": f">= {target}", "value": value, "met": value >= target}
        for name, (value, target) in ratios.items()
    }
    goals["memory above a tenth of the rows, MB"] = {
        "target": "<= 32",
        "value": more_memory,
        "met": more_memory <= 32,
    }
    return {
        "job": "import",
        "params": {"rows": count, "rounds": rounds, "columns": len(COLUMNS)},
        "figures": {
            "ours, rows/s": ours,
            "ours, dry run, rows/s": dry,
            "ours, the same file again, rows/s": statistics.median(measured.again),
            f"ours, into {count:,} existing, rows/s": into_full,
            **{f"{name}, rows/s": value for name, value in rival.items()},
            "COPY, rows/s": copy,
            "ours / import-export": ours / rival["import-export"],
            "growth exponent of time": math.log10((count / ours) / tenth),
            f"peak memory at {count:,}, MB": measured.memory[count],
            f"peak memory at {small:,}, MB": measured.memory[small],
        },
        "goals": goals,
    }


def _write(path: Path, count: int, start: int) -> Path:
    """A file of believable contacts, the same every time; ``start`` numbers the first."""
    chance = random.Random(start)
    domains = [
        f"{chance.choice(LAST)}-{chance.choice(LAST)}{n}.example".lower() for n in range(max(count // 20, 1))
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(start, start + count):
            first, last = chance.choice(FIRST), chance.choice(LAST)
            domain = chance.choice(SHARED_DOMAINS if chance.random() < 0.3 else domains)
            extension = f"x{chance.randrange(10, 9999)}" if chance.random() < 0.3 else ""
            phone = f"+49 {chance.randrange(30, 9000)} {chance.randrange(100_000, 9_999_999)}{extension}"
            place = chance.randrange(len(CITIES))
            address = f"{first}.{last}{number}@{domain}".lower()
            row = (f"C{number:09d}", first, last, address, phone, chance.choice(TITLES))
            writer.writerow((*row, COUNTRIES[place], CITIES[place]))
    return path


def _ours(file: Path, count: int, measured: Measured, *, keep: bool = False) -> float:
    """Seconds of an import into an empty organisation."""
    organizations.remove(PREFIX)
    organizations.make(1, PREFIX)
    found = _once(file)
    if found["new"] != count:
        raise RuntimeError(f"Ours imported {found['new']} of {count} rows.")
    measured.memory[count] = max(measured.memory.get(count, 0), found["peak"])
    if not keep:
        organizations.remove(PREFIX)
    return float(found["seconds"])


def _again(file: Path) -> float:
    found = _once(file)
    if found["unchanged"] != found["rows"]:
        raise RuntimeError("The same file changed something.")
    return float(found["seconds"])


def _once(file: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.import_once", str(file), f"{PREFIX}00000", *options]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return {**json.loads(lines[-2]), **json.loads(lines[-1])}


def _copy(file: Path) -> float:
    """Seconds of COPY into a plain table with three indexes, its text built before."""
    with file.open(newline="", encoding="utf-8") as source:
        lines = ["\t".join(row) for row in csv.reader(source)][1:]
    data = ("\n".join(lines) + "\n").encode()
    columns = sql.SQL(", ").join(sql.Identifier(name.lower().replace(" ", "_")) for name in COLUMNS)
    table = sql.Identifier(SCHEMA, "person")
    with _connection("default") as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(SCHEMA)))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
        connection.execute(
            sql.SQL(
                "CREATE TABLE {} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                " customer_id varchar(40), first_name varchar(100), last_name varchar(100),"
                " email varchar(254) UNIQUE, phone varchar(64), job_title varchar(150),"
                " country varchar(80), city varchar(100))"
            ).format(table)
        )
        connection.execute(sql.SQL("CREATE INDEX ON {} (last_name, first_name)").format(table))
        connection.commit()
        started = time.perf_counter()
        with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns)) as copy:
            for at in range(0, len(data), COPY_BLOCK):
                copy.write(data[at : at + COPY_BLOCK])
        connection.commit()
        spent = time.perf_counter() - started
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))
    return spent


def _rival(file: Path) -> dict[str, float]:
    with _connection("default", autocommit=True) as connection:
        name = sql.Identifier(RIVAL_DATABASE)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        command = [sys.executable, "-m", "bench.import_rival", str(file)]
        found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    result: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    return result


def _connection(alias: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
    given = settings.DATABASES[alias]
    names: dict[str, Any] = {
        "dbname": given["NAME"],
        "host": given["HOST"],
        "port": given["PORT"],
        "user": given["USER"],
        "password": given["PASSWORD"],
    }
    return psycopg.connect(**{key: value for key, value in names.items() if value}, autocommit=autocommit)
