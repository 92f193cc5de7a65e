"""The data map as data."""

from typing import Any

from compliance.data_map.checks import all_models
from tenants import personal_data
from tenants.personal_data import Declaration, Exempt, Personal


def rows() -> list[dict[str, Any]]:
    """One dict for each declared column, in the order of models and columns."""
    declared = personal_data.declarations()
    return [
        {
            "model": model._meta.label_lower,
            "table": model._meta.db_table,
            "column": field.column,
            "field": field.name,
            **_described(declared[model][field.name]),
        }
        for model in sorted(all_models(), key=lambda model: model._meta.label_lower)
        for field in model._meta.local_concrete_fields
        if field.name in declared.get(model, {})
    ]


def _described(declaration: Declaration) -> dict[str, Any]:
    if isinstance(declaration, Personal):
        return {
            "holds": "personal",
            "category": str(declaration.category),
            "purposes": [str(purpose) for purpose in declaration.purposes],
            "erasure": str(declaration.erasure),
            "portable": declaration.portable,
            "third_party": declaration.third_party,
            "law": declaration.law,
            "keys": list(declaration.keys),
            "shape": declaration.shape,
        }
    if isinstance(declaration, Exempt):
        return {"holds": "nothing personal", "reason": declaration.reason}
    return {"holds": "technical"}
