"""Search by any fragment: of names by trigram index, of encrypted addresses and numbers by their n-grams.

Each column is a branch of its own, "newest first, at most so many", with the list's filters inside, and the
branches are merged: an OR over columns of two tables, or over what only some indexes answer, would scan.

Several words must all be found. A word below three characters is looked for at the beginning of a name.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q

from tenants.keys.errors import MIN_FRAGMENT

MAX_WORDS = 6
CHECKED = 1_000  # candidates of the driving word that are checked for the other words
_PHONE = re.compile(r"[+(\d][\d\s().\-/]*")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class SearchPlan:
    """Which columns of a kind are searched. Those of ``names`` and ``related`` have trigram indexes."""

    names: tuple[str, ...]
    related: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    exact: tuple[str, ...] = ("external_id",)

    @property
    def encrypted(self) -> tuple[str, ...]:
        return (*self.emails, *self.phones)


@dataclass(frozen=True)
class Found:
    """Ids in the order of the walk. ``bounded``: only the newest were checked, there may be more."""

    ids: list[uuid.UUID]
    bounded: bool = False


_plans: dict[type[Model], SearchPlan] = {}


def register(model: type[Model], plan: SearchPlan) -> SearchPlan:
    """Say how a kind is searched; a kind's selectors do it when they are imported."""
    _plans[model] = plan
    return plan


def plan_of(model: type[Model]) -> SearchPlan:
    return _plans[model]


def searchable_kinds() -> list[type[Model]]:
    """All kinds that have a plan."""
    return list(_plans)


def words_of(text: str) -> tuple[str, ...]:
    """The words to find. What looks like one phone number is one word, however it is grouped."""
    text = " ".join(text.split())
    if _PHONE.fullmatch(text) and len(_DIGIT.findall(text)) >= MIN_FRAGMENT:
        return (text,)
    return tuple(dict.fromkeys(text.split()))[:MAX_WORDS]


def has_short_word(text: str) -> bool:
    """Whether a word is too short to be found in the middle."""
    return any(len(word) < MIN_FRAGMENT for word in words_of(text))


def search(queryset: Any, text: str, *, limit: int, ascending: bool = False) -> Found:
    """The ids of at most ``limit`` rows of ``queryset`` (filtered, without order) that hold every word of
    ``text``, newest first, or oldest first if ``ascending``."""
    plan = plan_of(queryset.model)
    words = words_of(text)
    if not words or "\x00" in text:
        return Found([])
    if len(words) == 1:
        return Found(_one_word(queryset, plan, words[0], limit, ascending))
    return _all_words(queryset, plan, words, limit, ascending)


def _one_word(queryset: Any, plan: SearchPlan, word: str, limit: int, ascending: bool) -> list[uuid.UUID]:
    order = "id" if ascending else "-id"
    found: set[uuid.UUID] = set()
    for name in _encrypted_columns(plan, word):
        branch = queryset.filter(**{f"{name}__icontains": word}).order_by(order).only("pk", name)[:limit]
        found.update(row.pk for row in branch)
    branches = [
        queryset.filter(condition).order_by(order).values_list("pk", flat=True)[:limit]
        for condition in _plain_conditions(plan, word)
    ]
    if branches:
        first, *others = branches
        found.update(first.union(*others) if others else first)
    return _merged(found, limit, ascending)


def _merged(ids: Iterable[uuid.UUID], limit: int, ascending: bool) -> list[uuid.UUID]:
    return sorted(ids, reverse=not ascending)[:limit]


def _is_email(word: str) -> bool:
    return "@" in word


def _is_phone(word: str) -> bool:
    """Written as only numbers are; bare digits may stand in any column."""
    return bool(_PHONE.fullmatch(word)) and not word.isdigit()


def _encrypted_columns(plan: SearchPlan, word: str) -> list[str]:
    if len(word) < MIN_FRAGMENT:
        return []
    columns: list[str] = []
    if not re.search(r"[\s()/]", word):
        columns += plan.emails
    if not _LETTER.search(word) and len(_DIGIT.findall(word)) >= MIN_FRAGMENT:
        columns += plan.phones
    return columns


def _plain_conditions(plan: SearchPlan, word: str) -> list[Q]:
    """One condition for each branch over plain columns."""
    if _is_email(word) or (_is_phone(word) and plan.phones):
        return []
    if len(word) < MIN_FRAGMENT:
        return [Q(**{f"{name}__istartswith": word}) for name in plan.names]
    fragments = [Q(**{f"{name}__icontains": word}) for name in (*plan.names, *plan.related)]
    return fragments + [Q(**{name: word}) for name in plan.exact]


def _all_words(queryset: Any, plan: SearchPlan, words: Sequence[str], limit: int, ascending: bool) -> Found:
    found = set(_in_names(queryset, plan, words, limit, ascending))
    driver = max(words, key=lambda word: (_is_email(word), _is_phone(word), len(word)))
    candidates = _one_word(queryset, plan, driver, CHECKED, ascending)
    found.update(_with_words(queryset.model, plan, candidates, [word for word in words if word != driver]))
    ids = _merged(found, limit, ascending)
    return Found(ids, bounded=len(candidates) == CHECKED and len(ids) < limit)


def _in_names(
    queryset: Any, plan: SearchPlan, words: Sequence[str], limit: int, ascending: bool
) -> Iterable[uuid.UUID]:
    """Where the names of the row alone hold all words, as in "first last"; unbounded, by the indexes."""
    condition = Q()
    for word in words:
        lookup = "icontains" if len(word) >= MIN_FRAGMENT else "istartswith"
        anywhere = Q()
        for name in plan.names:
            anywhere |= Q(**{f"{name}__{lookup}": word})
        condition &= anywhere
    rows: Iterable[uuid.UUID] = (
        queryset.filter(condition).order_by("id" if ascending else "-id").values_list("pk", flat=True)[:limit]
    )
    return rows


def _with_words(
    model: type[Model], plan: SearchPlan, candidates: Sequence[uuid.UUID], words: Sequence[str]
) -> Iterable[uuid.UUID]:
    """The candidates that hold every word in some column."""
    rows: Any = model._meta.base_manager
    joined = [path.partition("__")[0] for path in plan.related]
    wanted = [*plan.names, *plan.related, *plan.encrypted, *plan.exact, *(f"{name}_id" for name in joined)]
    rows = rows.filter(pk__in=candidates).select_related(*joined).only("pk", *wanted)
    return (row.pk for row in rows if all(_holds(row, plan, word) for word in words))


def _holds(row: Any, plan: SearchPlan, word: str) -> bool:
    names = [str(getattr(row, name)).upper() for name in plan.names]
    wanted = word.upper()
    if len(word) < MIN_FRAGMENT:
        return any(name.startswith(wanted) for name in names)
    if any(wanted in name for name in (*names, *(_related(row, path).upper() for path in plan.related))):
        return True
    if any(getattr(row, name) == word for name in plan.exact):
        return True
    return any(_holds_encrypted(row, name, word) for name in _encrypted_columns(plan, word))


def _holds_encrypted(row: Any, name: str, word: str) -> bool:
    field = row._meta.get_field(name)
    form = field.fragment_form(word)
    return bool(form) and bool(field.holds(row, form))


def _related(row: Any, path: str) -> str:
    value = row
    for part in path.split("__"):
        value = getattr(value, part, None)
    return str(value or "")
