"""Writing deals and pipelines."""

from django.db import transaction
from django.utils.translation import gettext as _

from crm.deals.models import Pipeline, Stage, StageKind


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
