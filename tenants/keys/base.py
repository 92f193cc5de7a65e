"""What all encrypted fields have in common. The fields to declare are in :mod:`tenants.keys.fields`."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from django.contrib.postgres.indexes import GinIndex
from django.core import checks
from django.db import models
from django.db.models import signals
from django.db.models.expressions import Col
from django.utils.functional import cached_property

from tenants.keys import cipher, lookups, ring
from tenants.keys.attributes import Ciphertext, EncryptedAttribute, Prepared
from tenants.keys.companions import (
    GRAMS_SUFFIX,
    INDEX_SUFFIX,
    MIGRATION_MODELS,
    BlindIndexField,
    Companion,
    GramsField,
)
from tenants.keys.encoding import encode
from tenants.keys.errors import UnanswerableLookup, UnsealableValue
from tenants.keys.index import GramMemo
from tenants.keys.lookups import EncryptedCol
from tenants.keys.normalize import TEXT, SearchKind
from tenants.keys.phones import current_region
from tenants.scope import scope_id

T = TypeVar("T")

if TYPE_CHECKING:
    _Field = models.Field[T, T]
else:

    class _Field(models.Field, Generic[T]):  # noqa: UP046
        """Django's field is generic in the stubs only."""


class EncryptedField(_Field[T]):
    """The base of all encrypted fields."""

    descriptor_class = EncryptedAttribute
    empty_strings_allowed = False
    kind: SearchKind = TEXT
    can_search = True
    _unique: bool

    def __init__(
        self, *args: Any, exact: bool = False, fragments: bool = False, unique: bool = False, **kwargs: Any
    ) -> None:
        for option in ("primary_key", "db_index", "db_default", "db_collation", "null"):
            if kwargs.pop(option, None):
                raise TypeError(f"An encrypted field takes no {option}.")
        self.exact = exact or unique
        self.fragments = fragments
        kwargs["unique"] = unique
        super().__init__(*args, **kwargs)
        # NULL is how "nothing" is stored; a field that must be filled keeps the constraint.
        self.null = self.blank

    # --- Declaration ---------------------------------------------------------------------------------------
    @property
    def unique(self) -> bool:
        """For forms and checks. In the database the blind index is unique, not the ciphertext."""
        model = getattr(self, "model", None)
        return self._unique and getattr(model, "__module__", "") != MIGRATION_MODELS

    @property
    def index_name(self) -> str:
        return f"{self.name}{INDEX_SUFFIX}"

    @property
    def grams_name(self) -> str:
        return f"{self.name}{GRAMS_SUFFIX}"

    @property
    def companions(self) -> tuple[str, ...]:
        """Names of the columns that follow this one."""
        return (self.index_name,) * self.exact + (self.grams_name,) * self.fragments

    @property
    def answerable(self) -> dict[str, Any]:
        exact = lookups.EXACT if self.exact else {}
        fragments = lookups.FRAGMENTS if self.fragments else {}
        return {**lookups.ALWAYS, **exact, **fragments}

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("null", None)
        kwargs.pop("unique", None)
        exact = self.exact and not self._unique
        options = {"exact": exact, "fragments": self.fragments, "unique": self._unique}
        for option, value in options.items():
            if value != self.defaults.get(option, False):
                kwargs[option] = value
        return name, path, args, kwargs

    defaults: dict[str, bool] = {}

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, self.descriptor_class(self))
        if cls._meta.abstract:
            return  # each concrete child gets companions of its own
        if cls.__module__ != MIGRATION_MODELS:
            self._add_companions(cls)
        _keep_companions_in_step(cls)

    def _add_companions(self, cls: type[models.Model]) -> None:
        hidden: dict[str, Any] = {"editable": False, "null": self.null, "companion_of": self.name}
        if self.exact:
            unique: dict[str, Any] = {"unique": True} if self._unique else {"db_index": True}
            cls.add_to_class(self.index_name, BlindIndexField(**hidden, **unique))
        if self.fragments:
            cls.add_to_class(self.grams_name, GramsField(**hidden))
            cls._meta.indexes = [*cls._meta.indexes, GinIndex(fields=[self.grams_name])]
            cls._meta.original_attrs.setdefault("indexes", cls._meta.indexes)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_queryset(), *self._check_ordering()]

    def _check_queryset(self) -> list[checks.CheckMessage]:
        if not self.companions:
            return []
        return [
            checks.Error(
                f"The manager {manager.name!r} does not know encrypted fields.",
                hint="Build it with from_queryset(EncryptedQuerySet) or a subclass of it.",
                obj=self,
                id="keys.E001",
            )
            for manager in self.model._meta.managers
            if not getattr(manager._queryset_class, "checks_fragments", False)  # type: ignore[attr-defined]
        ]

    def _check_ordering(self) -> list[checks.CheckMessage]:
        ordering = self.model._meta.ordering or []
        if not any(isinstance(item, str) and item.lstrip("-") == self.name for item in ordering):
            return []
        return [checks.Error("A model cannot be ordered by ciphertext.", obj=self, id="keys.E002")]

    # --- Database ------------------------------------------------------------------------------------------
    def get_internal_type(self) -> str:
        return "BinaryField"

    def db_check(self, connection: Any) -> str:
        """Refuses whatever was written past this class in clear: text never starts with the version byte."""
        return f"get_byte({connection.ops.quote_name(self.column)}, 0) = {ring.LAYOUT_VERSION[0]}"

    def get_col(self, alias: str, output_field: Any = None) -> Col:
        if alias == self.model._meta.db_table and (output_field is None or output_field == self):
            return self.cached_col
        return EncryptedCol(alias, self, output_field)

    @cached_property
    def cached_col(self) -> Col:
        return EncryptedCol(self.model._meta.db_table, self)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        if not compiler.query.default_cols:
            raise UnanswerableLookup(
                f"{self} is encrypted, and values() and values_list() know no row to decrypt it for: read"
                " instances, for example with .only()."
            )
        return sql, params

    def get_lookup(self, lookup_name: str) -> Any:
        found = self.answerable.get(lookup_name)
        return found or lookups.refuse(self, lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        lookups.refuse(self, lookup_name)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Prepared:
        return self.prepare(getattr(model_instance, self.attname), model_instance.pk)

    def prepare(self, value: Any, pk: object) -> Prepared:
        """The value encrypted for the row ``pk``; raises :class:`UnsealableValue`."""
        if isinstance(value, Prepared):
            return value
        if hasattr(value, "resolve_expression"):
            raise UnsealableValue(f"{self} is encrypted: the database cannot compute its value.")
        if self.is_empty(value):
            return Prepared(None)
        plain = encode(self.to_text(value))
        here = scope_id()
        key = ring.keys(here).active
        return Prepared(cipher.seal(key, self.place(here), cipher.pk_bytes(pk), plain), value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return self.get_db_prep_save(value, connection)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if type(value) is Prepared:
            return value.blob
        if self.model.__module__ == MIGRATION_MODELS and self.is_empty(value):
            return None  # the value of a new column in the rows that are already there
        raise UnanswerableLookup(
            f"{self} is encrypted for one row at a time: save() the instances, or use bulk_update() of an"
            " EncryptedQuerySet. update() of such a queryset can empty the field."
        )

    # --- Values --------------------------------------------------------------------------------------------
    def place(self, here: Any) -> bytes:
        """Where this column's ciphertexts live in the scope ``here``."""
        return cipher.place(here, self.model._meta.db_table, str(self.column))

    def unseal(self, blob: bytes, pk: object) -> T:
        """The value of a ciphertext of the row ``pk`` in the current scope."""
        here = scope_id()
        plain = cipher.unseal(ring.keys(here), self.place(here), cipher.pk_bytes(pk), blob)
        return self.from_text(plain.decode("utf-8"))

    def to_text(self, value: T) -> str:
        """What is encrypted."""
        return str(value)

    def from_text(self, text: str) -> T:
        """The other way."""
        return cast("T", text)

    def empty_value(self) -> Any:
        """What a NULL reads as."""
        return ""

    def is_empty(self, value: Any) -> bool:
        """Whether the value is stored as NULL."""
        return value is None or value == ""

    def get_default(self) -> Any:
        return super().get_default() if self.has_default() else self.empty_value()

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj)

    # --- Search --------------------------------------------------------------------------------------------
    def region(self) -> str | None:
        return current_region() if self.kind.uses_region else None

    def lookup_text(self, value: Any) -> str:
        """The right side of a comparison as text."""
        return "" if self.is_empty(value) else self.to_text(value)

    def index(self, text: str) -> bytes:
        """The blind index of a text in the current scope."""
        form = self.kind.index_form(text, self.region())
        return ring.keys(scope_id()).indexer.digest(self.kind.letter, form)

    def current(self, instance: models.Model) -> Any:
        """The instance's value, also while a fixture is being saved."""
        value = getattr(instance, self.attname)
        return value.value if isinstance(value, Prepared) else value

    def index_of(self, instance: models.Model) -> bytes | None:
        value = self.current(instance)
        return None if self.is_empty(value) else self.index(self.to_text(value))

    def grams_of(self, instance: models.Model) -> str | None:
        """The n-gram tokens as an array literal."""
        value = self.current(instance)
        if self.is_empty(value):
            return None
        return self._memo().array(self.kind.search_forms(self.to_text(value), self.region()))

    def fragment_form(self, fragment: str) -> str | None:
        return self.kind.fragment_form(fragment)

    def fragment_tokens(self, form: str) -> list[int]:
        return self._memo().tokens((form,))

    def holds(self, instance: models.Model, form: str) -> bool:
        """Whether the instance's value really has the fragment, given in its form."""
        value = getattr(instance, self.attname)
        if self.is_empty(value):
            return False
        return any(form in text for text in self.kind.search_forms(self.to_text(value), self.region()))

    def _memo(self) -> GramMemo:
        return ring.keys(scope_id()).memo(self.kind.letter)


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField[Any]]:
    """The encrypted columns of the model's own table."""
    return [field for field in model._meta.local_concrete_fields if isinstance(field, EncryptedField)]


def with_companions(model: type[models.Model], names: Any) -> list[str]:
    """``names`` with the companions of the encrypted fields among them, and without any other companion."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    kept = [name for name in names if not isinstance(fields.get(name), Companion)]
    for name in list(kept):
        field = fields.get(name)
        if isinstance(field, EncryptedField):
            kept += field.companions
    return kept


def _keep_companions_in_step(cls: type[models.Model]) -> None:
    """Make ``save(update_fields=["email"])`` write the index and the n-grams too, and fixtures encrypt."""
    if "_saves_companions" in cls.__dict__:
        return
    inner = cls.save_base

    def save_base(self: models.Model, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields"):
            kwargs["update_fields"] = frozenset(with_companions(type(self), kwargs["update_fields"]))
        inner(self, *args, **kwargs)

    save_base.alters_data = True  # type: ignore[attr-defined]
    cls.save_base = save_base  # type: ignore[method-assign]
    cls._saves_companions = True  # type: ignore[attr-defined]
    signals.pre_save.connect(_prepare_fixture, sender=cls)
    signals.post_save.connect(_restore_fixture, sender=cls)


def _prepare_fixture(*, instance: models.Model, raw: bool, **_kwargs: object) -> None:
    """A fixture is saved raw, which is past pre_save()."""
    if raw:
        for field in encrypted_fields(type(instance)):
            instance.__dict__[field.attname] = field.pre_save(instance, False)


def _restore_fixture(*, instance: models.Model, raw: bool, **_kwargs: object) -> None:
    if raw:
        for field in encrypted_fields(type(instance)):
            instance.__dict__[field.attname] = field.current(instance)
