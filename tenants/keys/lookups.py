"""What can be asked of an encrypted field, answered from its companion columns."""

from typing import TYPE_CHECKING, Any, NoReturn

from django.core.exceptions import EmptyResultSet
from django.db.models.expressions import Col
from django.db.models.lookups import IsNull, Lookup
from django.db.models.sql.compiler import SQLUpdateCompiler

from tenants.keys.errors import MIN_FRAGMENT, FragmentTooShort, UnanswerableLookup

if TYPE_CHECKING:
    from tenants.keys.base import EncryptedField

    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup  # generic in the stubs only

INSTEAD = {
    "startswith": "contains", "istartswith": "icontains", "endswith": "contains", "iendswith": "icontains",
    "regex": "contains", "iregex": "icontains", "search": "contains", "trigram_similar": "contains",
}  # fmt: skip


class EncryptedCol(Col):
    """A reference to a ciphertext column: may be fetched with its instance, and nothing else."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        # The select list is compiled first; every later use compares, sorts or groups.
        if compiler.select is not None or isinstance(compiler, SQLUpdateCompiler):
            raise UnanswerableLookup(
                f"{self.target} is encrypted: the database cannot sort, group, compare or copy it."
                " Sort by another field, or read the instances and use their attribute."
            )
        return super().as_sql(compiler, connection)


def column_sql(col: EncryptedCol, name: str, compiler: Any) -> str:
    """The SQL of another column of the same row, or of the ciphertext itself."""
    field: Any = col.target.model._meta.get_field(name)
    sql: str = compiler.compile(Col(col.alias, field))[0]
    return sql


class AnswerableLookup(AnyLookup):
    """A lookup whose right side is text that the program knows."""

    prepare_rhs = False
    lhs: EncryptedCol
    fragment: str | None = None

    def get_prep_lookup(self) -> Any:
        if hasattr(self.rhs, "resolve_expression") or hasattr(self.rhs, "query"):
            raise UnanswerableLookup(
                f"{self.field} is encrypted: compare it with values, not with an expression or a subquery."
            )
        return self.rhs

    @property
    def field(self) -> "EncryptedField[Any]":
        field: EncryptedField[Any] = self.lhs.target  # type: ignore[assignment]
        return field

    def get_group_by_cols(self) -> list[Any]:
        return []


class EncryptedExact(AnswerableLookup):
    """Equality of the normalised values, by the blind index."""

    lookup_name = "exact"

    def get_prep_lookup(self) -> Any:
        # The empty text is stored as NULL: Django makes isnull of None.
        return self.field.lookup_text(super().get_prep_lookup()) or None

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column = column_sql(self.lhs, self.field.index_name, compiler)
        return f"{column} = %s", (self.field.index(self.rhs),)


class EncryptedIn(AnswerableLookup):
    """Equality with one of several values."""

    lookup_name = "in"

    def get_prep_lookup(self) -> Any:
        super().get_prep_lookup()
        values = list(self.rhs)
        if any(hasattr(value, "resolve_expression") for value in values):
            raise UnanswerableLookup(f"{self.field} is encrypted: compare it with values only.")
        if any(value is not None and self.field.is_empty(value) for value in values):
            raise UnanswerableLookup(f"Nothing is stored as NULL in {self.field}: ask for it with __isnull.")
        return values

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        # None never equals anything, as in every other IN.
        texts = {self.field.lookup_text(value) for value in self.rhs if value is not None}
        if not texts:
            raise EmptyResultSet
        column = column_sql(self.lhs, self.field.index_name, compiler)
        return f"{column} = ANY(%s)", ([self.field.index(text) for text in sorted(texts)],)


class EncryptedIsNull(IsNull):
    """Whether there is a value at all."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        if not isinstance(self.rhs, bool):
            raise UnanswerableLookup("isnull asks for True or False.")
        column = column_sql(self.lhs, self.lhs.target.name, compiler)
        return f"{column} IS {'' if self.rhs else 'NOT '}NULL", ()


class FragmentLookup(AnswerableLookup):
    """Candidates for a fragment: rows that have all of its n-grams.

    They are not yet the answer: ``EncryptedQuerySet`` decrypts and checks each. Compiled for anybody else
    the lookup raises, so that no wrong row is ever shown or changed.
    """

    lookup_name = "contains"

    def get_prep_lookup(self) -> Any:
        super().get_prep_lookup()
        self.fragment = self.field.fragment_form(str(self.rhs))
        if self.fragment is not None and len(self.fragment) < MIN_FRAGMENT:
            raise FragmentTooShort
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        if id(self) not in getattr(compiler.query, "checked_fragments", ()):
            raise UnanswerableLookup(
                f"A fragment of {self.field} can only be searched by a queryset that checks what it finds:"
                " one built on EncryptedQuerySet, with the fragment as a plain condition (not in OR,"
                " exclude(), expressions, subqueries or a union). `.resolved()` makes a plain queryset of it."
            )
        if self.fragment is None:
            raise EmptyResultSet
        column = column_sql(self.lhs, self.field.grams_name, compiler)
        return f"{column} @> %s::integer[]", (self.field.fragment_tokens(self.fragment),)


class FragmentLookupFolded(FragmentLookup):
    lookup_name = "icontains"


class EncryptedIExact(EncryptedExact):
    lookup_name = "iexact"


def refuse(field: "EncryptedField[Any]", lookup_name: str) -> NoReturn:
    """Say why the field cannot answer, and what can."""
    allowed = sorted(field.answerable)
    hint = INSTEAD.get(lookup_name)
    if hint in allowed:
        advice = f"use __{hint}, or check the instances in Python"
    elif lookup_name in EXACT or lookup_name in FRAGMENTS:
        option = "exact=True" if lookup_name in EXACT else "fragments=True"
        advice = f"declare the field with {option}" if field.can_search else "check the instances in Python"
    else:
        advice = "check the instances in Python"
    raise UnanswerableLookup(
        f"{field} is encrypted and cannot answer __{lookup_name} (it answers {', '.join(allowed)}): {advice}."
    )


EXACT: dict[str, type[AnyLookup]] = {
    "exact": EncryptedExact,
    "iexact": EncryptedIExact,
    "in": EncryptedIn,
}
FRAGMENTS: dict[str, type[AnyLookup]] = {
    "contains": FragmentLookup,
    "icontains": FragmentLookupFolded,
}
ALWAYS: dict[str, type[AnyLookup]] = {"isnull": EncryptedIsNull}
