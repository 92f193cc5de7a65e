"""How many rows there are without counting them: the planner's estimate costs the same at any size."""

import json
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from crm.records.models import LIVE

MILLION = 1_000_000
EXACT_BELOW = 1_000  # smaller estimates are shown as they are


def estimate(queryset: Any) -> int:
    """The rows that the planner expects of ``queryset``."""
    plan = json.loads(queryset.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


def estimate_live(model: type[Model]) -> int | None:
    """All rows outside the trash, by the statistics of the index over them; None before an ANALYZE."""
    indexes = model._meta.indexes
    names = [index.name for index in indexes if index.condition == LIVE and index.fields == ["-id"]]
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", names[:1])
        row = cursor.fetchone()
    return int(row[0]) if row and row[0] > 0 else None


def approximate(count: int) -> str:
    """An estimate as people say it: "about 1.2 M", "about 12,400"."""
    if count >= MILLION:
        shown = _("%(number)s M") % {"number": number_format(count / MILLION, decimal_pos=1)}
    else:
        step = 1 if count < EXACT_BELOW else 10 ** (len(str(count)) - 3)
        shown = number_format(round(count / step) * step, decimal_pos=0, use_l10n=True, force_grouping=True)
    return _("about %(count)s") % {"count": shown}
