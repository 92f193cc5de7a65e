"""Pages by position instead of by number: the next page starts behind the last row of this one.

A page costs the same wherever it lies, for each is one walk along an index. A position is the id of a row and
nothing else, so that no name ever gets into an address.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import F, Model, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

AFTER, BEFORE = "after", "before"


@dataclass(frozen=True)
class Order:
    """An order that an index of the model gives: its columns in the index's sequence, the last one the id.

    All run in the same direction. Only the first may be null; such rows come last in either direction.
    """

    columns: tuple[str, ...] = ("id",)
    descending: bool = True
    nullable: bool = False

    @property
    def is_by_id(self) -> bool:
        return self.columns == ("id",)


NEWEST = Order()


@dataclass(frozen=True)
class Position:
    """Where a page begins: behind (or, backwards, before) one row; without a row at the start."""

    row_id: uuid.UUID | None = None
    backwards: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """From the parameters of an address; what is no position is the start."""
        for name in (AFTER, BEFORE):
            if value := params.get(name):
                try:
                    return cls(uuid.UUID(str(value)), backwards=name == BEFORE)
                except ValueError:
                    return cls()
        return cls()


@dataclass(frozen=True)
class Page:
    """The rows in reading order, and whether there are others on either side."""

    rows: Sequence[Any]
    has_previous: bool
    has_next: bool


def page(queryset: Any, order: Order, position: Position, size: int) -> Page:
    """One page of ``queryset`` (without order or limit). A position whose row is gone is the start."""
    anchor = _anchor(queryset.model, order, position)
    if anchor is None:
        rows = _walk(queryset, order, None, False, size + 1)
        return Page(rows[:size], False, len(rows) > size)
    rows = _walk(queryset, order, anchor, position.backwards, size + 1)
    if not position.backwards:
        return Page(rows[:size], True, len(rows) > size)
    if len(rows) <= size:  # there is no full page before: it is the first one
        return page(queryset, order, Position(), size)
    return Page(rows[:size][::-1], True, True)


def _anchor(model: type[Model], order: Order, position: Position) -> tuple[Any, ...] | None:
    if position.row_id is None:
        return None
    if order.is_by_id:
        return (position.row_id,)
    rows: Any = model._meta.base_manager
    found: tuple[Any, ...] | None = rows.filter(pk=position.row_id).values_list(*order.columns).first()
    return found


def _walk(
    queryset: Any, order: Order, anchor: tuple[Any, ...] | None, backwards: bool, limit: int
) -> list[Any]:
    """Up to ``limit`` rows from the anchor on, in walking order."""
    descending = order.descending != backwards
    if not order.nullable:
        return list(_stretch(queryset, order.columns, descending, anchor)[:limit])
    first = order.columns[0]
    dated = (queryset.filter(**{f"{first}__isnull": False}), order.columns)
    undated = (queryset.filter(**{f"{first}__isnull": True}), order.columns[1:])
    stretches = [undated, dated] if backwards else [dated, undated]
    if anchor is not None:
        at_undated = anchor[0] is None
        if at_undated != backwards:
            stretches = stretches[1:]
        anchor = anchor[1:] if at_undated else anchor
    rows: list[Any] = []
    for rows_of, columns in stretches:
        if len(rows) < limit:
            rows += _stretch(rows_of, columns, descending, anchor)[: limit - len(rows)]
        anchor = None
    return rows


def _stretch(
    queryset: Any, columns: tuple[str, ...], descending: bool, anchor: tuple[Any, ...] | None
) -> Any:
    if anchor is not None:
        queryset = queryset.filter(beyond(columns, descending, anchor))
    return queryset.order_by(*(f"-{name}" if descending else name for name in columns))


def beyond(columns: tuple[str, ...], descending: bool, anchor: tuple[Any, ...]) -> Any:
    """The rows behind ``anchor``. Compared as a row of values, which PostgreSQL answers from the index."""
    if len(columns) == 1:
        return Q(**{f"{columns[0]}__{'lt' if descending else 'gt'}": anchor[0]})
    lookup = TupleLessThan if descending else TupleGreaterThan
    return lookup(Tuple(*map(F, columns)), anchor)
