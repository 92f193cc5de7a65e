"""Chunks into the database: one transaction each, with its history and its checkpoint.

Building a chunk and storing it overlap: a thread with a connection of its own stores chunk n while the caller
builds chunk n+1. So a chunk is sorted before its predecessor (or another import) has committed; under the
organisation's import lock it is checked again, and in the rare case that the data has moved on, sorted again.
"""

import contextvars
import hashlib
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone, translation

from compliance.audit import services as audit
from crm.imports.batches import Batch, BatchBuilder, Origin
from crm.imports.links import existing_companies, existing_tags
from crm.imports.matching import Item, Matcher, each_key_by_index
from crm.imports.planning import Planner, Sorted
from crm.imports.problems import Problem
from tenants.scope import current_organization, organization_scope, scope_id

COPY_BLOCK = 1 << 18
# Records are found by their keys, whatever the planner thinks of a table that was never analysed.
TRANSACTION_SETTINGS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
# All chunks but the last need not wait for the disk: one that a crash of the server loses is lost with its
# checkpoint, and imported again. And n-grams gather before they are merged into their GIN indexes, which
# costs less; the last chunk merges what is left, so that nobody's next save has to.
BETWEEN_CHUNKS = {"synchronous_commit": "off", "gin_pending_list_limit": "32MB"}
# Two threads share the interpreter: the writer would otherwise wait 5 ms for it after each full socket.
SWITCH_SECONDS = 0.0005


@dataclass
class Chunk:
    """A chunk on its way: its rows, what they were sorted into, and the batch built from that."""

    items: list[Item]
    unread: list[tuple[Item, tuple[Problem, ...]]]  # rows that could not be converted
    found: Sorted
    batch: Batch
    generation: int
    last: bool = False

    @property
    def rows(self) -> int:
        return len(self.items) + len(self.unread)


def import_lock_key() -> int:
    """The advisory lock that serialises the chunks of all imports of the current organisation."""
    digest = hashlib.sha256(b"crm.imports" + scope_id().bytes).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class ChunkStore:
    """Stores chunks one after the other. ``settled`` runs inside each chunk's transaction with its final
    counts: the place for the checkpoint."""

    def __init__(self, planner: Planner, origin: Origin, settled: Callable[[Chunk], None]) -> None:
        self.planner = planner
        self.origin = origin
        self._settled = settled
        self._lock_key = import_lock_key()
        self._probe = Probe(planner)
        self.generation = 0
        self.met_records = False  # whether a chunk that was sorted again matched records

    def store(self, chunk: Chunk) -> None:
        with transaction.atomic():
            self._begin(chunk)
            if chunk.generation != self.generation:
                self._sort_again(chunk)
            elif self._probe.moved_on(chunk.found):
                # What was new here gets other ids, or none, and chunks under way may name the old ones.
                self._sort_again(chunk)
                self.generation += 1
            self._run(chunk.batch)
            self._settled(chunk)

    def _begin(self, chunk: Chunk) -> None:
        """Take the import lock, and set what holds for this transaction only."""
        settings = TRANSACTION_SETTINGS | ({} if chunk.last else BETWEEN_CHUNKS)
        listed = ", ".join("set_config(%s, %s, true)" for _name in settings)
        parameters = [part for pair in settings.items() for part in pair]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {listed}, pg_advisory_xact_lock(%s)", [*parameters, self._lock_key])

    def _sort_again(self, chunk: Chunk) -> None:
        builder = BatchBuilder(self.planner, self.origin, timezone.now())
        links = self.planner.links()
        chunk.found = self.planner.sort(chunk.items, links, builder.records, None, lock=True)
        chunk.found.rejected += chunk.unread
        self.met_records = self.met_records or bool(chunk.found.met)
        chunk.batch = builder.build(chunk.found, links)

    def _run(self, batch: Batch) -> None:
        with connection.cursor() as cursor:
            for statement, lines in batch.copies:
                with cursor.copy(statement) as copy:
                    for block in _blocks(lines):
                        copy.write(block)
            for statement, parameters in batch.updates:
                cursor.execute(statement, parameters)
            audit.copy_entries(cursor, batch.history)


class Probe:
    """Asks whether a sorted chunk still fits the data."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def moved_on(self, found: Sorted) -> bool:
        matcher = self._matcher()
        if matcher.any_exists(found.new) or self._versions_differ(found):
            return True
        companies, tags = found.links.companies, found.links.tags
        return bool(
            (companies and existing_companies(list(companies))) or (tags and existing_tags(list(tags)))
        )

    def _matcher(self) -> Matcher:
        planner = self._planner
        return Matcher(planner.kind, (), planner.at, planner.rules, planner.writer({}).ciphers)

    def _versions_differ(self, found: Sorted) -> bool:
        """Whether a record was changed or removed since; locks those that were not."""
        if not found.updated:
            return False
        where = "t.id = k.a AND t.version = k.b"
        table = self._planner.kind.model._meta.db_table
        statement = each_key_by_index(table, "t.id", ("uuid", "integer"), where, lock=True)
        records = [update.record for update in found.updated]
        with connection.cursor() as cursor:
            cursor.execute(
                statement, [[UUID(bytes=record.pk) for record in records], [r.version for r in records]]
            )
            return len(cursor.fetchall()) != len(records)


def _blocks(lines: list[str]) -> list[bytes]:
    """Lines in pieces that neither copy one by one nor all at once."""
    blocks, waiting, size = [], [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size > COPY_BLOCK:
            blocks.append(("\n".join(waiting) + "\n").encode())
            waiting, size = [], 0
    if waiting:
        blocks.append(("\n".join(waiting) + "\n").encode())
    return blocks


class Overlapped:
    """Hands chunks to a thread that stores them while the next is built. One chunk waits at most, so memory
    stays flat. An error of the thread is raised by the next call, at the latest at the end of ``with``."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store
        self._chunks: queue.Queue[Chunk | None] = queue.Queue(maxsize=1)
        self._error: BaseException | None = None
        organization, language = current_organization(), translation.get_language()

        def work() -> None:
            try:
                with organization_scope(organization), translation.override(language):
                    self._drain()
            except BaseException as error:  # noqa: BLE001  handed to the caller
                self._error = error
                self._discard()
            finally:
                connection.close()

        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(work,), name="import-writer", daemon=True)

    def store(self, chunk: Chunk) -> None:
        self._raise()
        self._chunks.put(chunk)

    def _drain(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._store.store(chunk)

    def _discard(self) -> None:
        while self._chunks.get() is not None:
            continue

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chunks.put(None)
        self._thread.join()
        sys.setswitchinterval(self._interval)
        if kind is None:
            self._raise()


class InPlace:
    """Stores each chunk at once, on the caller's connection: inside a transaction another one would see
    nothing."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store

    def store(self, chunk: Chunk) -> None:
        self._store.store(chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        return None


def chosen_way(store: ChunkStore) -> "Overlapped | InPlace":
    return InPlace(store) if connection.in_atomic_block else Overlapped(store)
