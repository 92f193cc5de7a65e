"""The forms of the import wizard."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import FILE_CLASSES, UnfoldAdminSelectWidget

from crm.imports import rules
from crm.imports.mapping import Mapping
from crm.imports.models import Import
from crm.imports.rules import MATCH_KEYS, DateOrder, DecimalMark, Fill, Mode, Rules
from crm.imports.targets import KIND_LABELS, targets

_KEY_LABELS: dict[str, Any] = {
    "email": _("email"),
    "external_id": _("external id"),
    "phone": _("phone"),
    "domain": _("domain"),
    "name": _("name"),
}


class UploadForm(forms.Form):
    """Which records, from which file."""

    kind = forms.ChoiceField(label=_("What does the file hold?"), widget=UnfoldAdminSelectWidget())
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV or XLSX with the names of the columns in the first row."),
        widget=forms.FileInput(
            attrs={
                "accept": ".csv,.tsv,.txt,.xlsx",
                "class": " ".join([*FILE_CLASSES, "px-3", "py-2", "w-full"]),
            }
        ),
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(kind, KIND_LABELS[kind]) for kind in kinds]


class MappingForm(forms.Form):
    """One choice for each column of the file."""

    def __init__(
        self, *args: Any, item: Import, header: tuple[str, ...], samples: list[list[str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.header = header
        self.samples = samples
        known = [(target.name, target.label) for target in targets(item.kind).values()]
        for number, column in enumerate(header):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column,
                choices=[("", _("– do not import –")), *known],
                initial=item.mapping.get(column, ""),
                required=False,
                widget=UnfoldAdminSelectWidget(),
            )

    def columns(self) -> Iterator[tuple[Any, list[str]]]:
        """Each column's field with some of its values."""
        for number in range(len(self.header)):
            values = [row[number] for row in self.samples if number < len(row) and row[number].strip()]
            yield self[f"column_{number}"], values[:3]

    @property
    def mapping(self) -> Mapping:
        return {column: self.cleaned_data[f"column_{number}"] for number, column in enumerate(self.header)}


class RulesForm(forms.Form):
    """What makes a row and a record the same, and what may happen then."""

    match = forms.ChoiceField(label=_("Recognise existing records by"), widget=UnfoldAdminSelectWidget())
    mode = forms.ChoiceField(label=_("The import may"), choices=Mode, widget=UnfoldAdminSelectWidget())
    fill = forms.ChoiceField(
        label=_("In existing records"),
        choices=Fill,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("An empty cell never empties a field."),
    )
    date_order = forms.ChoiceField(
        label=_("Dates such as 04/05/2026"),
        choices=DateOrder,
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    decimal = forms.ChoiceField(
        label=_("Numbers such as 1,234"),
        choices=DecimalMark,
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, data: Any = None, *, item: Import) -> None:
        self.kind = item.kind
        stored = Rules.from_json(item.rules)
        initial = {
            "match": ",".join(stored.match),
            "mode": stored.mode,
            "fill": stored.fill,
            "date_order": stored.date_order,
            "decimal": stored.decimal,
        }
        super().__init__(data, initial=initial)
        field = self.fields["match"]
        if isinstance(field, forms.ChoiceField):
            field.choices = self._match_choices(stored)

    def _match_choices(self, stored: Rules) -> list[tuple[str, str]]:
        usual = rules.checked(self.kind).match
        orders = dict.fromkeys([usual, *((key,) for key in MATCH_KEYS[self.kind]), stored.match])
        return [(",".join(order), _listed(order)) for order in orders]

    @property
    def chosen(self) -> Rules:
        data = self.cleaned_data
        return rules.checked(
            self.kind,
            match=tuple(data["match"].split(",")),
            mode=data["mode"],
            fill=data["fill"],
            date_order=data["date_order"],
            decimal=data["decimal"],
        )


def _listed(keys: tuple[str, ...]) -> str:
    names = [str(_KEY_LABELS[key]) for key in keys]
    if len(names) == 1:
        return names[0]
    return str(_("%(first)s, then %(rest)s")) % {"first": names[0], "rest": ", ".join(names[1:])}
