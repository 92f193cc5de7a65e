"""From names in a file to records: companies and tags (created where missing), owners, stages, contacts."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from crm.deals.models import Pipeline, Stage, StageKind
from crm.imports.match_keys import bytes_array
from crm.imports.matching import LIVE, Item, each_key_by_index
from crm.imports.problems import Problem
from crm.people.models import Contact
from tenants.accounts.models import User
from tenants.ids import uuid7
from tenants.keys.bulk import FieldCipher

MAX_REMEMBERED = 20_000


@dataclass
class NewLinks:
    """Records that a chunk has to create before its rows, and names that could not be linked."""

    companies: dict[str, tuple[str, str]] = field(default_factory=dict)  # lower name -> (hex id, name)
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)


class Links:
    """What the names of one import stand for. Remembers what it found; keep one for many chunks."""

    def __init__(self, kind: str, slots: tuple[str, ...], now: dt.datetime) -> None:
        self.kind = kind
        self.at = {slot: position for position, slot in enumerate(slots)}
        self.now = now
        self._companies: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._owners = _owners() if "owner" in self.at else {}
        self._stages = _Stages() if kind == "deals" else None

    def resolve(
        self, items: list[Item], columns: dict[str, str]
    ) -> tuple[NewLinks, dict[int, list[Problem]]]:
        """Replace names by hex ids in the items' values. ``columns`` names the file's column of each slot.

        Returns what is new, and the problems of items (by their position) that cannot be linked.
        """
        new = NewLinks()
        problems: dict[int, list[Problem]] = {}
        if "company" in self.at:
            self._link_companies(items, new)
        if "owner" in self.at:
            self._link_owners(items, new)
        if "contact" in self.at:
            self._link_contacts(items, new)
        if self._stages is not None:
            self._link_stages(self._stages, items, columns, problems)
        return new, problems

    def forget(self) -> None:
        """Look everything up anew: somebody else created what was remembered as new."""
        self._companies.clear()
        self._tags.clear()

    def forget_company(self, key: str) -> None:
        """This company was not created after all."""
        self._companies.pop(key, None)

    # --- Companies -----------------------------------------------------------------------------------------
    def _link_companies(self, items: list[Item], new: NewLinks) -> None:
        position, known = self.at["company"], self._companies
        if len(known) > MAX_REMEMBERED:
            known.clear()
        asked = {name.lower(): name for item in items if (name := item.values[position])}
        missing = [key for key in asked if key not in known]
        if missing:
            known.update(existing_companies(missing))
        for key in missing:
            if key not in known:
                known[key] = uuid7().hex
                new.companies[key] = (known[key], asked[key])
        for item in items:
            name = item.values[position]
            if name:
                item.values[position] = known[name.lower()]

    # --- Owners and contacts -------------------------------------------------------------------------------
    def _link_owners(self, items: list[Item], new: NewLinks) -> None:
        position = self.at["owner"]
        for item in items:
            name = item.values[position]
            if name:
                found = self._owners.get(name.casefold(), "")
                item.values[position] = found
                # Nobody of that name works here: the record stays, without an owner.
                new.notes["owner_unknown"] += not found

    def _link_contacts(self, items: list[Item], new: NewLinks) -> None:
        position = self.at["contact"]
        cipher = FieldCipher(Contact, "email")
        digests = {item.values[position]: b"" for item in items if item.values[position]}
        for email in digests:
            digests[email] = cipher.index(email)
        found: dict[bytes, str] = {}
        if digests:
            with connection.cursor() as cursor:
                cursor.execute(
                    each_key_by_index(
                        "crm_contact", "t.id, t.email_index", ("bytea",), "t.email_index = k.a"
                    ),
                    [bytes_array(digests.values())],
                )
                found = {bytes(digest): pk.hex for pk, digest in sorted(cursor.fetchall(), reverse=True)}
        for item in items:
            email = item.values[position]
            if email:
                item.values[position] = found.get(digests[email], "")
                new.notes["contact_unknown"] += not item.values[position]

    # --- Stages --------------------------------------------------------------------------------------------
    def _link_stages(
        self,
        stages: "_Stages",
        items: list[Item],
        columns: dict[str, str],
        problems: dict[int, list[Problem]],
    ) -> None:
        stage_at, pipeline_at = self.at["stage"], self.at.get("pipeline", -1)
        for number, item in enumerate(items):
            pipeline = item.values[pipeline_at] if pipeline_at >= 0 else ""
            stage, code = stages.find(pipeline, item.values[stage_at])
            if code:
                slot = "stage" if code == "unknown_stage" else "pipeline"
                problems.setdefault(number, []).append(Problem(columns.get(slot, ""), code))
            item.values[stage_at] = stage

    def first_stage(self) -> str:
        """Where a deal starts that names no stage."""
        return self._stages.first if self._stages is not None else ""

    def closed_at(self, stage: str) -> str:
        """When a deal in this stage was closed, as far as the import knows: now, or not at all."""
        return self.now.isoformat() if self._stages is not None and stage in self._stages.closed else ""

    # --- Tags ----------------------------------------------------------------------------------------------
    def tag_ids(self, names: list[str], new: NewLinks) -> list[str]:
        """The hex ids of tags, whatever their case; missing ones become new."""
        missing = [name for name in names if name.lower() not in self._tags]
        if missing:
            if len(self._tags) > MAX_REMEMBERED:
                self._tags.clear()
            self._tags.update(existing_tags([name.lower() for name in names]))
        for name in names:
            if name.lower() not in self._tags:
                self._tags[name.lower()] = uuid7().hex
                new.tags[name.lower()] = (self._tags[name.lower()], name)
        return list(dict.fromkeys(self._tags[name.lower()] for name in names))


def existing_companies(names: list[str]) -> dict[str, str]:
    """Lower-case name to hex id, the oldest of each name."""
    with connection.cursor() as cursor:
        where = f"lower(t.name) = k.a AND {LIVE}"
        cursor.execute(each_key_by_index("crm_company", "t.id, t.name", ("text",), where), [names])
        return {name.lower(): pk.hex for pk, name in sorted(cursor.fetchall(), reverse=True)}


def existing_tags(names: list[str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM crm_tag WHERE lower(name) = ANY(%s)", [names])
        return {name.lower(): pk.hex for pk, name in cursor.fetchall()}


def _owners() -> dict[str, str]:
    """Email and name of everybody who works here; a name that two share says nothing."""
    found: dict[str, str] = {}
    names: Counter[str] = Counter()
    for user in User.objects.filter(is_active=True):
        found[user.email.casefold()] = user.pk.hex
        if user.name:
            names[user.name.casefold()] += 1
            found.setdefault(user.name.casefold(), user.pk.hex)
    for name, times in names.items():
        if times > 1:
            found.pop(name)
    return found


class _Stages:
    """All stages by pipeline and name."""

    def __init__(self) -> None:
        self.first = ""
        self.closed: set[str] = set()
        self._by_name: dict[tuple[str, str], str] = {}
        self._pipelines: dict[str, str] = {}
        default = ""
        for pipeline in Pipeline.objects.order_by("-is_default", "id"):
            self._pipelines[pipeline.name.casefold()] = pipeline.pk.hex
            default = default or pipeline.pk.hex
        self._pipelines[""] = default
        for stage in Stage.objects.order_by("position", "id"):
            self._by_name.setdefault((stage.pipeline_id.hex, stage.name.casefold()), stage.pk.hex)
            if stage.kind != StageKind.OPEN:
                self.closed.add(stage.pk.hex)
            elif stage.pipeline_id.hex == default:
                self.first = self.first or stage.pk.hex

    def find(self, pipeline: str, stage: str) -> tuple[str, str]:
        """The stage's hex id ("" for none named) and the code of what is wrong ("" for nothing)."""
        home = self._pipelines.get(pipeline.casefold())
        if home is None:
            return "", "unknown_pipeline"
        if not stage:
            return "", ""
        found = self._by_name.get((home, stage.casefold()))
        if found is None:
            closing = {"closed won": "won", "closed lost": "lost"}.get(stage.casefold(), "")
            found = self._by_name.get((home, closing))
        return (found, "") if found else ("", "unknown_stage")
