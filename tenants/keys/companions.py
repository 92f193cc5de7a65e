"""The columns beside a searchable ciphertext. They follow their field by themselves; nobody sets them.

On an instance they are computed from the field when somebody asks; a query for instances does not fetch them
(it selects NULL), for n-grams are larger than the row they belong to.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
    AnyArrayField = ArrayField[Any, Any]
    AnyBinaryField = models.BinaryField[Any, Any]
else:  # generic in the stubs only
    AnyField, AnyArrayField, AnyBinaryField = models.Field, ArrayField, models.BinaryField

MIGRATION_MODELS = "__fake__"  # the module of the models of a migration's state
INDEX_SUFFIX = "_index"
GRAMS_SUFFIX = "_grams"


class _Computed:
    """The attribute of a companion: what belongs to the field's present value."""

    def __init__(self, field: "Companion") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        return self if instance is None else self.field.compute(instance)

    def __set__(self, instance: models.Model, value: object) -> None:
        # Only tells Django that the column is not deferred.
        instance.__dict__[self.field.attname] = None


class Companion(AnyField):
    """What both companions have in common. ``companion_of`` is the name of the encrypted field."""

    descriptor_class = _Computed
    companion_of: str
    _unique: bool

    @property
    def unique(self) -> bool:
        """In the database. For forms and checks the field itself is unique, or errors would name this one."""
        return self._unique and getattr(self, "model", type(self)).__module__ == MIGRATION_MODELS

    def compute(self, instance: models.Model) -> Any:
        raise AssertionError  # each kind of companion says how

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        # Django leaves an attribute alone that exists, which a column of the same class body would be.
        setattr(cls, self.attname, self.descriptor_class(self))

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return value  # computed, not entered: there is nothing to validate

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return self.compute(model_instance)

    def source(self, model: type[models.Model]) -> Any:
        """The encrypted field that this column belongs to."""
        return model._meta.get_field(self.companion_of)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        if compiler.query.default_cols:
            return f"NULL::{self.db_type(compiler.connection)}", ()
        return sql, params


class BlindIndexField(Companion, AnyBinaryField):
    """``<name>_index``: 128 bits that are equal for equal values (HMAC-SHA-256 of the normalised value)."""

    def __init__(self, *args: Any, companion_of: str, **kwargs: Any) -> None:
        self.companion_of = companion_of
        super().__init__(*args, **{**kwargs, "serialize": False})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("serialize", None)
        return name, path, args, {**kwargs, "companion_of": self.companion_of}

    def compute(self, instance: models.Model) -> bytes | None:
        result: bytes | None = self.source(type(instance)).index_of(instance)
        return result


class GramsField(Companion, AnyArrayField):
    """``<name>_grams``: the sorted set of keyed tokens of the value's n-grams, in 32 bits each."""

    def __init__(self, *args: Any, companion_of: str, **kwargs: Any) -> None:
        self.companion_of = companion_of
        kwargs.pop("base_field", None)
        super().__init__(models.IntegerField(), *args, **{**kwargs, "serialize": False})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("base_field", None)
        kwargs.pop("serialize", None)
        return name, path, args, {**kwargs, "companion_of": self.companion_of}

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return value  # the literal that compute() gives: no need to look at each number

    def compute(self, instance: models.Model) -> str | None:
        result: str | None = self.source(type(instance)).grams_of(instance)
        return result


def is_companion(field: object) -> bool:
    """Whether a column belongs to an encrypted one (and so is no data of its own)."""
    return isinstance(field, Companion)
