"""Suggestions while somebody types into a form or a filter."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView

from crm.records.models import Record


class RecordAutocompleteView(AutocompleteJsonView):
    """Records are suggested by the name that people use; their ``str()`` says nothing on purpose."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        suggestion: dict[str, str] = super().serialize_result(obj, to_field_name)
        return suggestion | {"text": obj.display_name} if isinstance(obj, Record) else suggestion
