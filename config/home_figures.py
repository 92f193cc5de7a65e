"""The numbers of the home page, each from a bounded query.

An organisation may hold a million records, and the page is opened many times a day: nothing here reads more
than a fixed number of index entries. What is beyond is shown as "10,000+", or estimated from the planner's
statistics where the whole table is meant.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.formats import number_format

from crm.deals.models import Deal, Stage, StageKind
from crm.records import estimates
from tenants.accounts.models import User

COUNT_LIMIT = 10_000
DEALS_OF_A_STAGE = 5_000


@dataclass(frozen=True)
class Count:
    """A number that may only be known to be larger than COUNT_LIMIT, or estimated."""

    value: int
    more: bool = False
    estimated: bool = False

    def __str__(self) -> str:
        if self.estimated:
            return estimates.approximate(self.value)
        shown = number_format(self.value, use_l10n=True, force_grouping=True)
        return f"{shown}+" if self.more else shown


@dataclass(frozen=True)
class StageValue:
    """Open deals of a stage: how many, and their sum by currency. ``share`` is 0 to 100 of the largest."""

    stage_id: uuid.UUID
    name: str
    deals: Count
    amounts: dict[str, Decimal]
    share: int

    @property
    def money(self) -> str:
        return shown_money(self.amounts)


def capped(queryset: Any) -> Count:
    """How many rows, up to COUNT_LIMIT."""
    found = queryset.order_by()[: COUNT_LIMIT + 1].count()
    return Count(min(found, COUNT_LIMIT), more=found > COUNT_LIMIT)


def total(model: Any) -> Count:
    """How many live records of a kind: exact while they are few, else the planner's estimate."""
    count = capped(model.objects.all())
    estimate = estimates.estimate_live(model) if count.more else None
    return Count(estimate, estimated=True) if estimate and estimate > COUNT_LIMIT else count


def since(model: Any, moment: dt.datetime) -> Count:
    """How many live records were made since ``moment``, by their time-ordered ids, which are indexed."""
    return capped(model.objects.filter(id__gte=first_id_at(moment)))


def owned_by(model: Any, user: User) -> Count:
    return capped(model.objects.filter(owner=user))


def open_deals_by_stage() -> list[StageValue]:
    """The open stages of the default pipeline in order, with the newest DEALS_OF_A_STAGE deals of each."""
    query = f"""
        SELECT stage.id, found.currency, count(*), sum(found.amount)
        FROM {Stage._meta.db_table} stage CROSS JOIN LATERAL (
            SELECT deal.currency, deal.amount FROM {Deal._meta.db_table} deal
            WHERE deal.stage_id = stage.id AND deal.deleted_at IS NULL ORDER BY deal.id DESC LIMIT %s
        ) found
        WHERE stage.kind = %s GROUP BY stage.id, found.currency
    """  # noqa: S608 - the table names are our models'
    with connection.cursor() as cursor:
        cursor.execute(query, [DEALS_OF_A_STAGE + 1, StageKind.OPEN])
        rows = cursor.fetchall()
    deals: dict[uuid.UUID, int] = {}
    amounts: dict[uuid.UUID, dict[str, Decimal]] = {}
    for stage_id, currency, count, amount in rows:
        deals[stage_id] = deals.get(stage_id, 0) + count
        amounts.setdefault(stage_id, {})[currency] = amount
    stages = list(Stage.objects.filter(kind=StageKind.OPEN, pipeline__is_default=True).order_by("position"))
    most = max((sum(amounts.get(stage.pk, {}).values(), Decimal(0)) for stage in stages), default=Decimal(0))
    return [
        StageValue(
            stage.pk,
            stage.name,
            Count(
                min(deals.get(stage.pk, 0), DEALS_OF_A_STAGE), more=deals.get(stage.pk, 0) > DEALS_OF_A_STAGE
            ),
            amounts.get(stage.pk, {}),
            int(sum(amounts.get(stage.pk, {}).values(), Decimal(0)) * 100 / most) if most else 0,
        )
        for stage in stages
    ]


def shown_money(amounts: dict[str, Decimal]) -> str:
    """ "12,300 EUR · 4,000 USD", the largest first."""
    parts = sorted(amounts.items(), key=lambda item: -item[1])
    return (
        " · ".join(f"{number_format(amount, 0, force_grouping=True)} {code}" for code, amount in parts) or "0"
    )


def first_id_at(moment: dt.datetime) -> uuid.UUID:
    """The smallest UUIDv7 (RFC 9562, 5.7) of a moment: 48 bits of milliseconds lead."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))
