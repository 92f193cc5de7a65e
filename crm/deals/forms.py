"""The form of deals."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.deals.models import Deal, StageKind
from crm.records.forms import RecordForm


class DealForm(RecordForm):
    class Meta:
        model = Deal
        exclude = ("tags",)

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).strip().upper()
        if len(code) != 3 or not code.isascii() or not code.isalpha():
            raise ValidationError(_("Enter a currency code of three letters, such as EUR."), code="currency")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        stage = cleaned.get("stage")
        if stage is not None and stage.kind != StageKind.LOST:
            cleaned["lost_reason"] = ""
        return cleaned
