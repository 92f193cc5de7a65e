"""The filters of the lists. Each is one condition that an index answers in the order of the list."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm, DropdownForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm.records.countries import country_choices
from crm.records.keyset import Position
from crm.records.models import Tag
from crm.records.selectors import distinct_values
from crm.records.services import tag_link
from tenants.accounts.models import User

MAX_CHOICES = 200
MAX_SOURCES = 30
# A file's rows get the time of the import, their keys are made while it runs.
KEY_SLACK = timedelta(days=1)
Choices = list[tuple[str, Any]]


class PlainDropdownForm(DropdownForm):  # type: ignore[misc]
    """A select of the browser's own, which needs no script."""

    widget = UnfoldAdminSelectWidget()


class ChoiceFilter(DropdownFilter):  # type: ignore[misc]
    """One value out of a short list."""

    form_class = PlainDropdownForm

    def active_label(self) -> str:
        """The chosen value as people read it; "" where nothing is chosen."""
        chosen = self.value()
        return next(
            (str(label) for value, label in self.lookup_choices if str(value) == chosen), chosen or ""
        )

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset if not value else self.narrow(request, queryset, value)

    def narrow(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(**{str(self.parameter_name): value})


def key_or_none(value: str) -> uuid.UUID | None:
    """The primary key in an address; None for what is none."""
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


class OwnerFilter(ChoiceFilter):
    title = _("owner")
    parameter_name = "owner"

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        if self.used_parameters.get("owner") == str(request.user.pk):
            self.used_parameters["owner"] = "me"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        users = User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")[:MAX_CHOICES]
        others = [(str(pk), name) for pk, name in users if pk != request.user.pk]
        return [("me", _("Me")), ("nobody", _("Nobody")), *others]

    def narrow(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        if value == "nobody":
            return queryset.filter(owner__isnull=True)
        return queryset.filter(owner=request.user.pk if value == "me" else key_or_none(value))


class TagFilter(ChoiceFilter):
    title = _("tag")
    parameter_name = "tag"

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any) -> None:
        self.position = Position() if request.GET.get("o") else Position.of(request.GET)
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        tags = Tag.objects.order_by("name").values_list("pk", "name")[:MAX_CHOICES]
        return [(str(pk), name) for pk, name in tags]

    def narrow(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        through, column = tag_link(queryset.model)
        links = through._default_manager.filter(tag=key_or_none(value))
        if self.position.row_id is not None:
            # The walk is along the links: without a beginning there, a late page would pass all earlier ones.
            side = "gt" if self.position.backwards else "lt"
            links = links.filter(**{f"{column}__{side}": self.position.row_id})
        return queryset.filter(pk__in=links.values(column))


class CountryFilter(ChoiceFilter):
    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return list(country_choices())


class SourceFilter(ChoiceFilter):
    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(value, value) for value in distinct_values(model_admin.model, "source", limit=MAX_SOURCES)]


class RecordFilterForm(AutocompleteDropdownForm):  # type: ignore[misc]
    """Finds a record by typing; knows it by the name that people use."""

    def __init__(self, *args: Any, name: Any, **kwargs: Any) -> None:
        super().__init__(*args, name=name, **kwargs)
        field = self.fields[name]
        field.queryset = field.queryset.model.all_objects.all()
        field.label_from_instance = lambda record: record.display_name


class RelatedRecordFilter(admin.SimpleListFilter):
    """One related record, found by typing. ``parameter_name`` is the name of the foreign key."""

    template = "unfold/filters/filters_field.html"

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any) -> None:
        self.request = request
        self.model_admin = model_admin
        self.field: Any = model._meta.get_field(str(self.parameter_name))
        super().__init__(request, params, model, model_admin)

    form_class = RecordFilterForm

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return []

    def has_output(self) -> bool:
        return True

    def _key(self) -> uuid.UUID | None:
        return key_or_none(self.value() or "")

    def active_label(self) -> str:
        if not self.value():
            return ""
        found = self.field.related_model.all_objects.filter(pk=self._key()).first()
        return str(found.display_name) if found else "?"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{str(self.parameter_name): self._key()}) if self.value() else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {
            "form": self.form_class(
                request=self.request,
                label=self.title,
                name=self.parameter_name,
                choices=(),
                field=self.field,
                model_admin=self.model_admin,
                data={self.parameter_name: self._key()},
            )
        }


class CompanyFilter(RelatedRecordFilter):
    title = _("company")
    parameter_name = "company"


class ContactFilter(RelatedRecordFilter):
    title = _("contact")
    parameter_name = "contact"


class DateRangeForm(forms.Form):
    """Two dates by the browser's own date picker."""

    def __init__(self, *, fields: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, label in fields.items():
            widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
            self.fields[name] = forms.DateField(label=label, required=False, widget=widget)


class CreatedFilter(admin.ListFilter):
    """Created from one day to another, both included, in the organisation's time zone.

    The key of a record carries the time at which it was made, so that the walk along the keys begins and ends
    near the days; ``created_at`` decides.
    """

    title = _("created")
    template = "unfold/filters/filters_field.html"
    parameter_name = "created"
    FROM, UNTIL = "created_from", "created_until"

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if (given := params.pop(name, None)) and given[-1]:
                self.used_parameters[name] = given[-1]

    def expected_parameters(self) -> list[str]:  # type: ignore[override]
        return [self.FROM, self.UNTIL]

    def has_output(self) -> bool:
        return True

    def _day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(str(self.used_parameters.get(name, "")))
        except ValueError:
            return None

    def active_label(self) -> str:
        start, end = self._day(self.FROM), self._day(self.UNTIL)
        if not (start or end):
            return ""
        return " – ".join(date_format(day, "SHORT_DATE_FORMAT") if day else "…" for day in (start, end))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if start := self._day(self.FROM):
            begins = _midnight(start)
            queryset = queryset.filter(created_at__gte=begins, pk__gte=first_key(begins - KEY_SLACK))
        if (end := self._day(self.UNTIL)) and end < date.max:
            ends = _midnight(end + timedelta(days=1))
            queryset = queryset.filter(created_at__lt=ends, pk__lt=first_key(ends + KEY_SLACK))
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        labels = {self.FROM: _("Created from"), self.UNTIL: _("Created until")}
        yield {"form": DateRangeForm(fields=labels, data=self.used_parameters)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_current_timezone())


def first_key(at: datetime) -> uuid.UUID:
    """The least UUID version 7 of a moment (RFC 9562: 48 bits of milliseconds since 1970 come first)."""
    milliseconds = max(0, (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))
