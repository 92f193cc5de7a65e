"""Writing deals and pipelines."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.deals.models import Deal, Pipeline, Stage, StageKind
from crm.records import services as records
from crm.records.models import Tag


def create_default_pipeline() -> Pipeline:
    """The pipeline that an organisation starts with."""
    with transaction.atomic():
        pipeline = Pipeline(name=_("Sales"), is_default=True)
        pipeline.save(force_insert=True)
        stages = (
            (_("New"), 10, StageKind.OPEN),
            (_("Qualified"), 30, StageKind.OPEN),
            (_("Proposal"), 50, StageKind.OPEN),
            (_("Negotiation"), 75, StageKind.OPEN),
            (_("Won"), 100, StageKind.WON),
            (_("Lost"), 0, StageKind.LOST),
        )
        Stage.objects.bulk_create(
            Stage(pipeline=pipeline, name=name, position=position, probability=probability, kind=kind)
            for position, (name, probability, kind) in enumerate(stages)
        )
    return pipeline


def save_deal(
    *,
    deal: Deal,
    actor: Any,
    now: datetime,
    tags: Iterable[Tag] | None = None,
    seen_version: int | None = None,
) -> Deal:
    """Write a deal as :func:`crm.records.services.save_record` does. A won or lost one is closed from when it
    got into such a stage; back in an open stage it is not closed any more."""
    if deal.stage.kind == StageKind.OPEN:
        deal.closed_at = None
    elif deal.closed_at is None:
        deal.closed_at = now
    return records.save_record(record=deal, actor=actor, tags=tags, seen_version=seen_version)
