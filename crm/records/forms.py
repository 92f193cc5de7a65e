"""What the forms of all kinds share: tags, addresses, and that nobody overwrites a colleague unseen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from crm.records.models import Record, Tag
from crm.records.selectors import LastChange, last_change
from crm.records.services import StaleRecord, locked_version

ADDRESS_PARTS = {
    "street": _("Street"),
    "city": _("City"),
    "region": _("Region"),
    "postal_code": _("Postal code"),
}
MAX_LINES = 20


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed to another value than the one that was typed."""

    label: str
    theirs: str
    yours: str


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """The base of the kinds' forms. ``seen_version`` is the version that the person had on the screen."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    tag_list = forms.ModelMultipleChoiceField(
        label=_("Tags"),
        queryset=Tag.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(attrs={"class": "record-tag-boxes"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflicts: list[Conflict] = []
        self.changed_by: LastChange | None = None
        self.duplicates: list[Any] = []
        self.initial = {**self.unstored_initial(self.instance), **self.initial}

    def unstored_initial(self, instance: Any) -> dict[str, Any]:
        """The present values of the fields that are no columns."""
        saved = not instance._state.adding
        return {
            "seen_version": instance.version if saved else None,
            "tag_list": list(instance.tags.values_list("pk", flat=True)) if saved else [],
        }

    def put_back(self, name: str, value: str) -> None:
        """Give a hidden input another value for when the form is shown again."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix(name)] = value
        self.data = data

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance._state.adding:
            self._compare_with_stored()
        return cleaned

    def _compare_with_stored(self) -> None:
        """Where somebody saved meanwhile, show both values and keep what was typed; the next save goes
        through. Runs in the transaction of the request, so that the version stays true until it is saved."""
        version = locked_version(self.instance)
        if version == self.cleaned_data.get("seen_version"):
            return
        stored: Record = type(self.instance).all_objects.get(pk=self.instance.pk)
        theirs = type(self)(instance=stored).initial
        for name, field in self.fields.items():
            if name == "seen_version" or name not in theirs:
                continue
            yours = self[name].value()
            if field.has_changed(theirs[name], yours):
                label = str(field.label or name)
                self.conflicts.append(
                    Conflict(label, shown_value(field, theirs[name]), shown_value(field, yours))
                )
        self.changed_by = last_change(stored)
        self.put_back("seen_version", str(version))
        self.add_error(None, ValidationError(StaleRecord.message, code=StaleRecord.code))


def shown_value(field: forms.Field, value: Any) -> str:
    """A form field's raw value as people read it."""
    if value in (None, "", []):
        return "–"
    if isinstance(field, forms.ModelMultipleChoiceField):
        return ", ".join(str(label) for label in _labels(field, value))
    if isinstance(field, forms.ModelChoiceField):
        return next(iter(_labels(field, [value])), str(value))
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    return str(value)


def _labels(field: Any, keys: Iterable[Any]) -> list[str]:
    wanted = [getattr(key, "pk", key) for key in keys]
    return [field.label_from_instance(row) for row in field.queryset.filter(pk__in=wanted)]


class AddressForm(RecordForm):
    """A postal address in four inputs over one encrypted value."""

    street = forms.CharField(
        label=_("Street"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )
    city = forms.CharField(label=_("City"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget)
    region = forms.CharField(
        label=_("Region"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget
    )
    postal_code = forms.CharField(
        label=_("Postal code"), required=False, max_length=20, widget=UnfoldAdminTextInputWidget
    )

    def unstored_initial(self, instance: Any) -> dict[str, Any]:
        address = instance.address or {}
        return super().unstored_initial(instance) | {name: address.get(name, "") for name in ADDRESS_PARTS}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if any(name in self.fields for name in ADDRESS_PARTS):
            given = {name: cleaned.get(name) or "" for name in ADDRESS_PARTS}
            kept = {**(self.instance.address or {}), **given}
            self.instance.address = {name: value for name, value in kept.items() if value} or None
        return cleaned


class LinesField(forms.CharField):
    """Several values, one a line, as a list (or None)."""

    def __init__(self, *, each: forms.Field, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 2}))
        super().__init__(required=False, **kwargs)
        self.each = each

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = self._lines(value)
        if len(lines) > MAX_LINES:
            raise ValidationError(_("At most %(count)d lines."), params={"count": MAX_LINES})
        return list(dict.fromkeys(self.each.clean(line) for line in lines)) or None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self._lines(initial) != self._lines(data)

    def _lines(self, value: Any) -> list[str]:
        return [line.strip() for line in str(self.prepare_value(value) or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        pass

    def run_validators(self, value: Any) -> None:
        pass
