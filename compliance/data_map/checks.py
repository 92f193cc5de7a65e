"""The system check that no column goes undeclared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from tenants import personal_data
from tenants.personal_data import Declaration, Model, Personal, Technical, is_json

HINT = (
    "Declare it in the personal_data module of its room: Personal(…), TECHNICAL or Exempt(reason)."
    " docs/data_map.md says how."
)


def all_models() -> list[Model]:
    """Every model with a table: those of other people's apps and tables between two models included."""
    return [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]


def undeclared(
    models_: Iterable[Model], declared: Mapping[Model, Mapping[str, Declaration]]
) -> Iterator[Any]:
    """The concrete columns, companions of encrypted ones included, that nobody declared."""
    for model in models_:
        known = declared.get(model, {})
        yield from (field for field in model._meta.local_concrete_fields if field.name not in known)


def problems(
    models_: Iterable[Model], declared: Mapping[Model, Mapping[str, Declaration]]
) -> Iterator[CheckMessage]:
    """Errors: E001 an undeclared column, E002 a declaration of what is no column, E003 a JSON column of which
    nobody says what is in it."""
    chosen = list(models_)
    for field in undeclared(chosen, declared):
        yield Error(
            f"The column {field.model._meta.label}.{field.name} is not declared in the data map.",
            hint=HINT,
            obj=field,
            id="compliance.E001",
        )
    for model in chosen:
        columns = {field.name: field for field in model._meta.concrete_fields}
        for name, declaration in declared.get(model, {}).items():
            if name not in columns:
                yield Error(
                    f"The data map declares {model._meta.label}.{name}, which is no column.",
                    hint="Remove the declaration, or use the field's name.",
                    obj=model,
                    id="compliance.E002",
                )
            elif is_json(columns[name]) and not _says_what_is_in_it(declaration):
                yield Error(
                    f"The data map does not say what the JSON in {model._meta.label}.{name} holds.",
                    hint="Give keys=(…) or shape='…', or Exempt(reason).",
                    obj=columns[name],
                    id="compliance.E003",
                )


def _says_what_is_in_it(declaration: Declaration) -> bool:
    if isinstance(declaration, Personal):
        return bool(declaration.keys or declaration.shape)
    return not isinstance(declaration, Technical)


@register("data_map")
def check_data_map(app_configs: Any = None, **_kwargs: object) -> list[CheckMessage]:
    """Over all apps, whichever were asked for: a map with a hole is no map."""
    declared = personal_data.declarations()
    return list(problems(all_models(), declared))
