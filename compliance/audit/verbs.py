"""Which action a change is."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from compliance.audit.models import Action

TRASHED_AT = "deleted_at"


def action_of(changes: Mapping[str, Sequence[Any]]) -> Action:
    """A change of ``deleted_at`` moves a record to the trash or restores it."""
    if TRASHED_AT in changes:
        old, new = changes[TRASHED_AT]
        if new is None:
            return Action.RESTORED
        if old is None:
            return Action.DELETED
    return Action.UPDATED


def removal_of(model: type[models.Model]) -> Action:
    """What a DELETE means: for good, where the model has a trash that comes before."""
    try:
        model._meta.get_field(TRASHED_AT)
    except FieldDoesNotExist:
        return Action.DELETED
    return Action.PURGED
