"""One import from its first row to its last, or only as a rehearsal."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from crm.imports import reader
from crm.imports.batches import BatchBuilder, Origin
from crm.imports.conversion import Converter, compile_mapping
from crm.imports.kinds import record_kind
from crm.imports.mapping import Mapping
from crm.imports.matching import Item
from crm.imports.planning import Planner, Sorted
from crm.imports.problems import Problem, Rejection
from crm.imports.rules import Rules
from crm.imports.seen import SeenKeys
from crm.imports.shape import File, FileShape
from crm.imports.targets import targets
from crm.imports.writer import Chunk, ChunkStore, chosen_way
from tenants.scope import current_organization

CHUNK_ROWS = 2_500
CHUNK_CHARACTERS = 8 << 20
OUTCOMES = ("new", "updated", "unchanged", "duplicate", "rejected")
SHOWN_PROBLEMS = 50
SHOWN_DUPLICATES = 20


@dataclass(frozen=True)
class Setup:
    """Everything that decides what an import does."""

    kind: str
    shape: FileShape
    mapping: Mapping
    rules: Rules


@dataclass
class Tally:
    """What became of the rows so far. Rows = new + updated + unchanged + duplicate + rejected, always."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, found: dict[str, int] | Counter[str]) -> None:
        self.counts.update(found)

    @property
    def rows(self) -> int:
        return sum(self.counts[outcome] for outcome in OUTCOMES)

    def as_json(self) -> dict[str, int]:
        known = {"rows": self.rows, **{outcome: self.counts[outcome] for outcome in OUTCOMES}}
        return known | {name: times for name, times in self.counts.items() if name not in known and times}


@dataclass
class Rehearsal:
    """What a dry run found out. Problems and duplicates name lines and columns, never values."""

    tally: Tally = field(default_factory=Tally)
    problems: list[dict[str, Any]] = field(default_factory=list)
    by_reason: Counter[tuple[str, str]] = field(default_factory=Counter)
    duplicates: list[int] = field(default_factory=list)

    def note(self, found: Sorted) -> None:
        self.tally.add(found.counts())
        for item, problems in found.rejected:
            for problem in problems:
                self.by_reason[problem.column, problem.code] += 1
                if len(self.problems) < SHOWN_PROBLEMS:
                    self.problems.append({"line": item.line, **problem.as_json()})
        self.duplicates += found.duplicates[: SHOWN_DUPLICATES - len(self.duplicates)]

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": self.tally.as_json(),
            "problems": self.problems,
            "by_reason": [
                {"column": column, "code": code, "times": times}
                for (column, code), times in self.by_reason.most_common()
            ],
            "duplicates": self.duplicates,
        }


Refused = tuple[Item, tuple[Problem, ...]]


@dataclass
class Portion:
    """Some rows of the file, in its order: those that converted, and those that did not and why."""

    items: list[Item] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    end: int = 0  # rows of the file up to here
    last: bool = False


class Source:
    """The rows of a file as converted items."""

    def __init__(self, file: File, setup: Setup, converter: Converter) -> None:
        self._file = file
        self._shape = setup.shape
        self._convert = converter.convert

    def portions(self, skip: int = 0) -> Iterator[Portion]:
        """The whole file. Rows up to ``skip`` (stored before an interruption) never share a portion with
        later ones."""
        waiting: Portion | None = None
        for portion in self._cut(skip):
            if waiting is not None:
                yield waiting
            waiting = portion
        if waiting is not None:
            waiting.last = True
            yield waiting

    def _cut(self, skip: int) -> Iterator[Portion]:
        convert = self._convert
        portion, number = Portion(), 0
        for number, (line, cells, problem) in enumerate(reader.rows(self._file, self._shape), start=1):
            if problem is not None:
                portion.refused.append((Item(line, cells, []), (problem,)))
            else:
                values = convert(cells)
                if isinstance(values, Rejection):
                    portion.refused.append((Item(line, cells, []), values))
                else:
                    portion.items.append(Item(line, cells, values))
            size = number - portion.end
            if size >= CHUNK_ROWS or number == skip or (size % 64 == 0 and _is_long(portion)):
                end, portion.end = number, number
                yield portion
                portion = Portion(end=end)
        if number > portion.end:
            portion.end = number
            yield portion


def _is_long(portion: Portion) -> bool:
    """Whether rows like the latest fill a chunk already: memory must not grow with long notes."""
    latest = portion.items[-64:]
    return (
        sum(len(cell) for item in latest for cell in item.cells) * len(portion.items) > CHUNK_CHARACTERS * 64
    )


def _prepare(setup: Setup) -> tuple[Converter, Planner]:
    converter = compile_mapping(setup.mapping, setup.shape.header, setup.kind, setup.rules.reading)
    stored_in = {name: target.stored_in for name, target in targets(setup.kind).items()}
    columns = {stored_in[name]: column for column, name in setup.mapping.items() if name}
    planner = Planner(record_kind(setup.kind), converter, columns, setup.rules, timezone.now())
    return converter, planner


def rehearse(file: File, setup: Setup, progress: Callable[[int], None] = lambda _rows: None) -> Rehearsal:
    """Go through the whole file against the data as it is, and write nothing."""
    converter, planner = _prepare(setup)
    links, seen, found = planner.links(), SeenKeys(setup.shape.total), Rehearsal()
    source = Source(file, setup, converter)
    for portion in source.portions():
        chunk = planner.sort(portion.items, links, planner.writer({}), seen)
        chunk.rejected = _in_order(portion.refused, chunk.rejected)
        found.note(chunk)
        progress(portion.end)
    return found


def run(
    file: File,
    setup: Setup,
    *,
    import_id: UUID,
    actor_id: UUID | None,
    state: dict[str, Any],
    settled: Callable[[dict[str, Any], int], None],
    between: Callable[[], None] = lambda: None,
) -> Tally:
    """Import the file, going on where ``state`` (the last that ``settled`` was given) ends.

    ``settled`` is called inside each chunk's transaction, on the connection that stores it; ``between``
    before each chunk, to stop by raising.
    """
    converter, planner = _prepare(setup)
    origin = Origin(import_id, actor_id, current_organization().currency if setup.kind == "deals" else "")
    tally = Tally(Counter(state.get("counts", {})))
    done = int(state.get("done", 0))

    def settle(chunk: Chunk) -> None:
        nonlocal done
        done += chunk.rows
        tally.add(chunk.batch.counts)
        counts = {name: times for name, times in tally.counts.items() if times}
        settled({"done": done, "counts": counts}, done)

    store = ChunkStore(planner, origin, settle)
    links, seen, generation, look = planner.links(), SeenKeys(setup.shape.total), 0, True
    source, skip = Source(file, setup, converter), done
    with _fewer_collections(), chosen_way(store) as way:
        for portion in source.portions(skip):
            if portion.end <= skip:
                planner.remember(portion.items, links, planner.writer({}), seen)
                continue
            between()
            if generation != store.generation:
                generation = store.generation
                links.forget()
            builder = BatchBuilder(planner, origin, timezone.now())
            found = planner.sort(portion.items, links, builder.records, seen, look=look or store.met_records)
            # Where the file meets no record, one look at each key under the lock is enough. A guess that
            # turns out wrong costs sorting a few chunks twice.
            look = bool(found.met)
            found.rejected = _in_order(portion.refused, found.rejected)
            batch = builder.build(found, links)
            way.store(Chunk(portion.items, portion.refused, found, batch, generation, portion.last))
    return tally


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """A chunk is some hundred thousand objects of which none is garbage: looking through them every 2,000
    costs a tenth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _in_order(one: list[Refused], other: list[Refused]) -> list[Refused]:
    return sorted([*one, *other], key=lambda pair: pair[0].line)
