"""How an import decides: what makes a row and a record the same, and what may happen then."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.imports.values import Reading
from tenants.errors import DomainError

# All keys of each kind, strongest first, and how many of them are used when nobody chooses. The others only
# serve rows that have none of the chosen keys: a person without email or number must still be recognised when
# the same file comes again.
MATCH_KEYS: dict[str, tuple[str, ...]] = {
    "contacts": ("email", "external_id", "phone", "name"),
    "companies": ("external_id", "domain", "name"),
    "leads": ("email", "external_id", "phone", "name"),
    "deals": ("external_id", "name"),
}
_CHOSEN_BY_DEFAULT = {"contacts": 2, "companies": 3, "leads": 2, "deals": 2}


class InvalidRules(DomainError):
    code = "invalid_rules"
    message = _("These import rules cannot be used.")


class Mode(models.TextChoices):
    BOTH = "both", _("create new records and update existing ones")
    CREATE = "create", _("only create new records")
    UPDATE = "update", _("only update existing records")


class Fill(models.TextChoices):
    OVERWRITE = "overwrite", _("the file's values replace what is there")
    FILL_EMPTY = "fill_empty", _("only fill fields that are empty")


class DateOrder(models.TextChoices):
    UNKNOWN = "", _("refuse dates that could be either")
    DAY_FIRST = "dmy", _("day first (31/12/2026)")
    MONTH_FIRST = "mdy", _("month first (12/31/2026)")


class DecimalMark(models.TextChoices):
    UNKNOWN = "", _("refuse numbers that could be either")
    POINT = ".", _("point (1,234.50)")
    COMMA = ",", _("comma (1.234,50)")


@dataclass(frozen=True)
class Rules:
    """``match`` holds the chosen keys in the order in which they are tried, ``fallback`` the others. A blank
    cell never empties a field."""

    match: tuple[str, ...]
    fallback: tuple[str, ...] = ()
    mode: str = Mode.BOTH
    fill: str = Fill.OVERWRITE
    date_order: str = DateOrder.UNKNOWN
    decimal: str = DecimalMark.UNKNOWN

    @property
    def reading(self) -> Reading:
        return Reading(date_order=self.date_order, decimal=self.decimal)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "match": list(self.match), "fallback": list(self.fallback)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Rules":
        return cls(**{**stored, "match": tuple(stored["match"]), "fallback": tuple(stored["fallback"])})


def checked(
    kind: str,
    *,
    match: tuple[str, ...] = (),
    mode: str = Mode.BOTH,
    fill: str = Fill.OVERWRITE,
    date_order: str = DateOrder.UNKNOWN,
    decimal: str = DecimalMark.UNKNOWN,
) -> Rules:
    """The rules of an import; raises :class:`InvalidRules`."""
    known = MATCH_KEYS[kind]
    for key in match:
        if key not in known:
            raise InvalidRules(
                _("“%(key)s” cannot be matched by. Choose from: %(known)s.")
                % {"key": key, "known": ", ".join(known)}
            )
    for value, allowed in ((mode, Mode), (fill, Fill), (date_order, DateOrder), (decimal, DecimalMark)):
        if value not in allowed.values:
            raise InvalidRules(
                _("“%(value)s” is no option. Choose from: %(known)s.")
                % {"value": value, "known": ", ".join(filter(None, allowed.values))}
            )
    chosen = tuple(dict.fromkeys(match)) or known[: _CHOSEN_BY_DEFAULT[kind]]
    fallback = tuple(key for key in known if key not in chosen)
    return Rules(chosen, fallback, mode, fill, date_order, decimal)
