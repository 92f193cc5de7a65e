"""Querysets that answer exactly over encrypted fields.

A fragment (``email__contains="oe@ex"``) is searched in two steps: the database finds the rows that have all
n-grams of the fragment, then each is decrypted and checked. Everything that a queryset hands out (instances,
``len``, ``count``, ``exists``, slices, ``iterator``) counts checked rows only. What works on rows inside the
database (``update``, ``delete``, ``values``, ``aggregate``) first resolves the fragment to primary keys.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Self, TypeVar

from django.db import connections, models, transaction
from django.db.models.expressions import OrderBy
from django.db.models.fields.related import RelatedField
from django.db.models.manager import Manager
from django.db.models.query import ModelIterable, prefetch_related_objects
from django.db.models.sql.where import AND, WhereNode

from tenants.keys import bulk
from tenants.keys.attributes import Prepared
from tenants.keys.base import EncryptedField, with_companions
from tenants.keys.companions import Companion
from tenants.keys.errors import UnanswerableLookup
from tenants.keys.lookups import AnswerableLookup, EncryptedCol, EncryptedIsNull, FragmentLookup

M = TypeVar("M", bound=models.Model, covariant=True)
SPARE_CANDIDATES = 16  # false candidates are rare; this many are made up for without a second query
ITERATOR_CHUNK = 2_000


class EncryptedQuerySet(models.QuerySet[M]):
    """The base of every queryset of a model with searchable encrypted fields."""

    checks_fragments = True
    _candidates_only = False

    # --- Building ------------------------------------------------------------------------------------------
    def _filter_or_exclude_inplace(self, negate: bool, args: Any, kwargs: Any) -> None:
        super()._filter_or_exclude_inplace(negate, args, kwargs)  # type: ignore[misc]
        # Not `self.query`: Django calls this while it makes that property (of a related manager's queryset).
        self._checkable(self._query, self._query.where, plain=True)  # type: ignore[attr-defined]

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._candidates_only = self._candidates_only
        return clone

    def order_by(self, *field_names: Any) -> Self:
        for item in field_names:
            expression = item.expression if isinstance(item, OrderBy) else item
            name = getattr(expression, "name", expression)
            if isinstance(name, str):
                self._refuse_encrypted(name.lstrip("-+"), "sort by it; sort by another column")
        return super().order_by(*field_names)

    def distinct(self, *field_names: str) -> Self:
        for name in field_names:
            self._refuse_encrypted(name, "tell rows apart by it")
        return super().distinct(*field_names)

    def _annotate(self, args: Any, kwargs: Any, select: bool = True) -> Self:
        clone: Self = super()._annotate(args, kwargs, select)  # type: ignore[misc]
        for expression in clone.query.annotations.values():
            _refuse_ciphertext_in(expression)
        return clone

    def _values(self, *fields: Any, **expressions: Any) -> Self:
        named = fields or [field.attname for field in self.model._meta.concrete_fields]
        for name in named:
            if isinstance(name, str):
                self._refuse_encrypted(name, "hand it out without its row; read instances, e.g. with .only()")
        clone: Self = super(EncryptedQuerySet, self.resolved())._values(*fields, **expressions)  # type: ignore[misc]
        return clone

    def _combinator_query(self, combinator: str, *other_qs: Any, **options: Any) -> Self:
        for queryset in (self, *other_qs):
            if isinstance(queryset, EncryptedQuerySet) and queryset._fragments():
                raise UnanswerableLookup(
                    f"A {combinator} cannot check fragments: join the results of the querysets in Python, or"
                    " combine their `.resolved()`."
                )
        clone: Self = super()._combinator_query(combinator, *other_qs, **options)  # type: ignore[misc]
        return clone

    def _refuse_encrypted(self, path: str, purpose: str) -> None:
        field = self._field_at(path)
        if isinstance(field, EncryptedField | Companion):
            raise UnanswerableLookup(f"{field} is encrypted: the database cannot {purpose}.")

    def _field_at(self, path: str) -> Any:
        """The field at the end of a lookup path; None where the path names something else."""
        model: Any = self.model
        field: Any = None
        for part in path.split("__"):
            if model is None or part == "pk":
                return None
            field = next((f for f in model._meta.get_fields() if part in _names(f)), None)
            if field is None:
                return None
            model = field.related_model if field.is_relation else None
        return field

    # --- Fragments -----------------------------------------------------------------------------------------
    def _fragments(self) -> list[FragmentLookup]:
        """The fragment conditions; raises where one stands in a place in which it cannot be checked."""
        return [] if self._candidates_only else self._checkable(self.query, self.query.where, plain=True)

    def _checkable(self, query: Any, node: WhereNode, *, plain: bool) -> list[FragmentLookup]:
        plain = plain and not node.negated and (node.connector == AND or len(node.children) == 1)
        found: list[FragmentLookup] = []
        for child in node.children:
            if isinstance(child, WhereNode):
                found += self._checkable(query, child, plain=plain)
            elif isinstance(child, FragmentLookup):
                self._require_checkable(query, child, plain)
                found.append(child)
        return found

    def _require_checkable(self, query: Any, lookup: FragmentLookup, plain: bool) -> None:
        field = lookup.field
        if not plain:
            raise UnanswerableLookup(
                f"A fragment of {field} cannot stand in OR or exclude(): its candidates have to be decrypted"
                " and checked. Search each fragment with a queryset of its own and join the results, or use"
                " the primary keys of `.resolved()`."
            )
        if lookup.lhs.alias != query.get_initial_alias():
            raise UnanswerableLookup(
                f"A fragment of {field} can be searched on {field.model._meta.object_name} only: search there"
                f" first and filter {self.model._meta.object_name} by the primary keys of `.resolved()`."
            )
        if self._fields is not None:  # type: ignore[attr-defined]
            raise UnanswerableLookup(f"Search the fragment of {field} before values() or values_list().")

    def candidates(self) -> Self:
        """The rows that have the n-grams of every fragment, unchecked: for plans (``explain``), and for who
        checks by himself with ``field.holds``."""
        clone = self._chain()  # type: ignore[attr-defined]
        clone._candidates_only = True
        clone.query.checked_fragments = {id(lookup) for lookup in self._fragments()}
        result: Self = clone
        return result

    def resolved(self) -> Self:
        """The same rows as a plain queryset: fragments are searched now and replaced by primary keys. Use it
        where a fragment is refused (OR, subquery); meant for results that fit into memory."""
        if not (fragments := self._fragments()):
            return self
        keys = [instance.pk for instance in self._bare()._checked(fragments)]
        clone = self._chain()  # type: ignore[attr-defined]
        clone.query.where = _without(clone.query.where, fragments)
        clone.query.clear_limits()
        result: Self = clone.filter(pk__in=keys)
        return result

    def _bare(self) -> Self:
        """Only what checking needs: no joins for related objects, no other columns."""
        clone = self._chain().select_related(None).prefetch_related(None)  # type: ignore[attr-defined]
        names = {lookup.field.name for lookup in self._fragments()}
        result: Self = clone.only("pk", *names)
        return result

    def _checked(self, fragments: list[FragmentLookup], *, stream: bool = False) -> Iterator[M]:
        """The instances, decrypted and checked. With a limit, candidates are fetched until enough are found;
        without one, ``stream`` leaves those that were not yet asked for with the server."""
        low, high = self.query.low_mark, self.query.high_mark
        source = self.candidates()
        source.query.clear_limits()
        source = source.prefetch_related(None)._with_fields_of(fragments)

        def holds(instance: models.Model) -> bool:
            return all(
                lookup.fragment is not None and lookup.field.holds(instance, lookup.fragment)
                for lookup in fragments
            )

        if high is None:
            every: Iterable[M] = (
                models.QuerySet.iterator(source, ITERATOR_CHUNK) if stream else ModelIterable(source)
            )
            found = filter(holds, every)
        else:
            found = filter(holds, source._in_portions(high + SPARE_CANDIDATES))
        return islice(found, low, high)

    def _with_fields_of(self, fragments: list[FragmentLookup]) -> Self:
        """Fetch the fields to check with the instance, not one by one afterwards."""
        names = {lookup.field.name for lookup in fragments}
        existing, deferred = self.query.deferred_loading
        if existing or not deferred:
            self.query.deferred_loading = (existing - names if deferred else existing | names, deferred)
        return self

    def _in_portions(self, size: int) -> Iterator[M]:
        source = self if self.ordered else models.QuerySet.order_by(self, "pk")
        start = 0
        while True:
            portion = list(source[start : start + size])
            yield from portion
            if len(portion) < size:
                return
            start += size
            size *= 2

    # --- Answering -----------------------------------------------------------------------------------------
    def _fetch_all(self) -> None:
        if self._result_cache is None and (fragments := self._fragments()):
            self._require_instances()
            self._result_cache = list(self._checked(fragments))
        super()._fetch_all()

    def _require_instances(self) -> None:
        if self._iterable_class is not ModelIterable:
            raise UnanswerableLookup("Search the fragment before values() or values_list().")

    def iterator(self, chunk_size: int | None = None) -> Iterator[M]:
        fragments = self._fragments()
        if not fragments:
            return super().iterator(chunk_size) if chunk_size is not None else super().iterator()
        self._require_instances()
        return self._iterate_checked(fragments, chunk_size or ITERATOR_CHUNK)

    def _iterate_checked(self, fragments: list[FragmentLookup], chunk_size: int) -> Iterator[M]:
        found = self._checked(fragments, stream=True)
        prefetch = self._prefetch_related_lookups  # type: ignore[attr-defined]
        while chunk := list(islice(found, chunk_size)):
            if prefetch:
                prefetch_related_objects(chunk, *prefetch)
            yield from chunk

    def count(self) -> int:
        if self._result_cache is not None or not (fragments := self._fragments()):
            return super().count()
        return sum(1 for _ in self._bare()._checked(fragments, stream=True))

    def exists(self) -> bool:
        if self._result_cache is not None or not (fragments := self._fragments()):
            return super().exists()
        return next(self._bare()[:1]._checked(fragments), None) is not None

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        for expression in (*args, *kwargs.values()):
            for source in getattr(expression, "get_source_expressions", list)():
                if isinstance(name := getattr(source, "name", None), str):
                    self._refuse_encrypted(name, "aggregate it")
        return super(EncryptedQuerySet, self.resolved()).aggregate(*args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        return super(EncryptedQuerySet, self.resolved()).delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def explain(self, *, format: str | None = None, **options: Any) -> str:  # noqa: A002
        return super(EncryptedQuerySet, self.candidates()).explain(format=format, **options)

    # --- Writing -------------------------------------------------------------------------------------------
    def update(self, **kwargs: Any) -> int:
        """As ever; an encrypted field can be emptied here, but not set: a value is encrypted for one row."""
        prepared = dict(kwargs)
        for name, value in kwargs.items():
            field = self._field_at(name)
            if isinstance(field, EncryptedField):
                if hasattr(value, "resolve_expression") or not field.is_empty(value):
                    raise UnanswerableLookup(
                        f"{field} is encrypted for one row at a time and cannot be set by update(): use"
                        " bulk_update(), or save() the instances."
                    )
                prepared |= {name: Prepared(None), **dict.fromkeys(field.companions)}
            elif isinstance(field, Companion):
                raise UnanswerableLookup(f"{field} follows {field.companion_of} and is not set by itself.")
        return super(EncryptedQuerySet, self.resolved()).update(**prepared)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """As ever, encrypted fields included: each value is encrypted for its instance's row."""
        objs, names = list(objs), list(fields)
        encrypted = [field for name in names if isinstance(field := self._field_at(name), EncryptedField)]
        plain = [name for name in names if not isinstance(self._field_at(name), EncryptedField)]
        if not encrypted:
            return super().bulk_update(objs, plain, batch_size)
        self._for_write = True
        with transaction.atomic(using=self.db, savepoint=False):
            size = batch_size or ITERATOR_CHUNK
            updated = bulk.write_encrypted(connections[self.db], objs, encrypted, size)
            return super().bulk_update(objs, plain, batch_size) if plain else updated

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        """As ever. A conflict may set encrypted fields only where the primary key is what conflicts: the
        row would otherwise keep its key and get a value that is encrypted for another."""
        if update_conflicts:
            update_fields, unique_fields = self._conflict_columns(update_fields or (), unique_fields or ())
        return super().bulk_create(
            objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
        )

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def _conflict_columns(
        self, update_fields: Collection[str], unique_fields: Collection[str]
    ) -> tuple[list[str], list[str]]:
        pk: Any = self.model._meta.pk
        by_pk = set(unique_fields) <= {"pk", pk.name}
        encrypted = [name for name in update_fields if isinstance(self._field_at(name), EncryptedField)]
        if encrypted and not by_pk:
            raise UnanswerableLookup(
                f"A conflict on {', '.join(unique_fields)} cannot set {', '.join(encrypted)}: the row keeps"
                " its primary key, which the new value is not encrypted for. Find the rows first"
                " (`__in`), then bulk_update() those that exist and bulk_create() the others."
            )
        index_names = []
        for name in unique_fields:
            field = self._field_at(name)
            index_names.append(field.index_name if isinstance(field, EncryptedField) else name)
        return with_companions(self.model, update_fields), index_names


class EncryptedManager(Manager.from_queryset(EncryptedQuerySet)):  # type: ignore[misc]
    """A manager for models that need no queryset of their own."""


def _names(field: Any) -> tuple[str, ...]:
    return (field.name, field.attname) if isinstance(field, RelatedField) else (field.name,)


def _without(node: WhereNode, fragments: list[FragmentLookup]) -> WhereNode:
    """The conditions without the fragments."""
    gone: Callable[[Any], bool] = lambda child: any(child is lookup for lookup in fragments)  # noqa: E731
    children = [
        _without(child, fragments) if isinstance(child, WhereNode) else child
        for child in node.children
        if not gone(child)
    ]
    return WhereNode(children, node.connector, node.negated)


def _refuse_ciphertext_in(expression: Any) -> None:
    """Refuse an annotation that computes with ciphertext; conditions that the field answers are fine."""
    if isinstance(expression, EncryptedCol):
        raise UnanswerableLookup(f"{expression.target} is encrypted: the database cannot compute with it.")
    if isinstance(expression, AnswerableLookup | EncryptedIsNull):
        return
    for source in getattr(expression, "get_source_expressions", list)():
        if source is not None:
            _refuse_ciphertext_in(source)
