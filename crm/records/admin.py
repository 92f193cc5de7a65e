"""What the pages of all kinds share, and the tags' page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from compliance.audit.history import AuditHistoryMixin
from crm.records import columns, search, selectors, services
from crm.records.changelist import KeysetChangeList, is_trash
from crm.records.filters import CreatedFilter, OwnerFilter, SourceFilter, TagFilter
from crm.records.forms import RecordForm
from crm.records.keyset import NEWEST, Order
from crm.records.models import Record, Tag
from crm.records.trash import TrashMixin
from tenants.accounts.models import User
from tenants.keys.fields import EncryptedEmailField, EncryptedPhoneField, EncryptedTextField
from tenants.sites import organization_site

SUGGESTIONS = 20  # of an autocomplete
# What a reader sees in place of an input that is no column.
READ_AS = {
    "tag_list": "tags_text",
    "street": "address_text",
    "city": "",
    "region": "",
    "postal_code": "",
    "other_emails": "other_emails_text",
    "other_phones": "other_phones_text",
    "seen_version": "",
    "confirmed_email": "",
}


class SelectedOnlyForm(ActionForm):  # type: ignore[misc]
    """Actions work on the rows that were ticked, never on all pages at once."""

    def clean_select_across(self) -> bool:
        return False


class NamedRecord:
    """A record that templates write by its name. Its own ``str()`` says nothing about a person."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)

    def __str__(self) -> str:
        return self._record.display_name


class RecordAdmin(AuditHistoryMixin, TrashMixin):
    """The base of the kinds' pages. One object serves all organisations: nothing of a request stays on it."""

    form: Any = RecordForm
    action_form = SelectedOnlyForm
    change_list_template = "crm/records/change_list.html"
    change_form_template = "crm/records/change_form.html"
    change_form_before_template = "crm/records/form_notices.html"
    change_form_outer_after_template = "crm/records/related_lists.html"
    list_per_page = 100
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_disable_select_all = True
    list_fullwidth = True
    list_filter_submit = True
    list_filter: Any = (OwnerFilter, TagFilter, SourceFilter, CreatedFilter)
    search_fields = ("id",)  # only says that there is a search; `crm.records.search` does it
    search_help_text = _("Search by any part")
    warn_unsaved_form = True
    formfield_overrides = {
        EncryptedEmailField: {"widget": UnfoldAdminEmailInputWidget},
        EncryptedPhoneField: {"widget": UnfoldAdminTextInputWidget(attrs={"type": "tel"})},
        EncryptedTextField: {"widget": UnfoldAdminTextareaWidget},
    }

    orders: ClassVar[dict[str, Order]] = {"id": NEWEST, "updated_at": Order(("updated_at", "id"))}
    """What the list may be ordered by: the columns' ``admin_order_field``, each with an index."""
    list_related: ClassVar[tuple[str, ...]] = ("owner",)
    """Foreign keys whose names the list shows."""
    list_unread: ClassVar[tuple[str, ...]] = ("notes",)
    """Columns that the list does not need."""
    trash_columns: ClassVar[tuple[str, ...]] = ()

    @property
    def media(self) -> forms.Media:
        # Unfold's looks at the request that it keeps on this object, which is another person's.
        media: forms.Media = super(ModelAdmin, self).media
        for found in self.list_filter:
            if declared := getattr(getattr(found, "form_class", None), "Media", None):
                media += forms.Media(declared)
        return media

    # --- Lists ---------------------------------------------------------------------------------------------
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = self.model.all_objects.all()
        return rows.trashed() if is_trash(request) else rows.live()

    def list_queryset(self, queryset: Any) -> Any:
        """With what the list shows and without what it does not."""
        unread = list(self.list_unread)
        for name in self.list_related:
            related: Any = self.opts.get_field(name).related_model
            unread += [
                f"{name}__{field.name}"
                for field in related._meta.concrete_fields
                if not field.primary_key and field.name != "name"
            ]
        return queryset.select_related(*self.list_related).defer(*unread).prefetch_related("tags")

    def prepare_rows(self, rows: list[Any]) -> list[Any]:
        """The rows of a page, with the names of those who deleted them."""
        if any(row.deleted_by_id for row in rows):
            names = selectors.user_names(row.deleted_by_id for row in rows)
            for row in rows:
                row.deleted_by_name = names.get(row.deleted_by_id, "")
        return rows

    def get_list_display(self, request: HttpRequest) -> Any:
        if is_trash(request):
            return ("name_column", *self.trash_columns, "deleted_column", "deleted_by_column")
        return super().get_list_display(request)

    def list_title(self, *, trashed: bool) -> str:
        name = str(self.opts.verbose_name_plural)
        name = name[:1].upper() + name[1:]
        return gettext("Trash: %(kind)s") % {"kind": name} if trashed else name

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """For autocompletes: the newest that match, at most as many as they show."""
        if search_term.strip():
            ids = search.search(queryset, search_term, limit=SUGGESTIONS).ids
        else:
            ids = list(queryset.order_by("-id").values_list("pk", flat=True)[:SUGGESTIONS])
        return queryset.filter(pk__in=ids).order_by("-id"), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        trashed = is_trash(request)
        context = {
            "is_trash": trashed,
            "trash_tabs": self.trash_tabs(request) if trashed else [],
            "trash_url": self._list_url(trash=True) if self.has_delete_permission(request) else "",
            "can_import": request.user.has_perm(f"crm.import_{self.opts.model_name}"),
            **(extra_context or {}),
        }
        response: HttpResponseBase = super().changelist_view(request, context)
        return response

    # --- Columns -------------------------------------------------------------------------------------------
    @admin.display(description=_("name"))
    def name_column(self, record: Any) -> Any:
        return columns.name_cell(record, self.second_line(record))

    def second_line(self, record: Any) -> str:
        return ""

    @admin.display(description=_("owner"))
    def owner_column(self, record: Any) -> str:
        return record.owner.name if record.owner else columns.EMPTY

    @admin.display(description=_("tags"))
    def tags_column(self, record: Any) -> Any:
        return columns.tags_cell(record.tags.all())

    @admin.display(description=_("created"), ordering="id")
    def created_column(self, record: Any) -> Any:
        return columns.time_cell(record.created_at)

    @admin.display(description=_("changed"), ordering="updated_at")
    def changed_column(self, record: Any) -> Any:
        return columns.time_cell(record.updated_at)

    @admin.display(description=_("deleted"))
    def deleted_column(self, record: Any) -> Any:
        return columns.time_cell(record.deleted_at)

    @admin.display(description=_("deleted by"))
    def deleted_by_column(self, record: Any) -> str:
        return getattr(record, "deleted_by_name", "") or columns.EMPTY

    tags_text = tags_column

    @admin.display(description=_("address"))
    def address_text(self, record: Any) -> Any:
        address = record.address or {}
        place = f"{address.get('postal_code', '')} {address.get('city', '')}".strip()
        return columns.lines_cell(filter(None, (address.get("street"), place, address.get("region"))))

    # --- Forms ---------------------------------------------------------------------------------------------
    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Records in the trash have a page too, to read and to restore."""
        key = self.opts.get_field(from_field) if from_field else self.opts.pk
        try:
            rows = self.model.all_objects.select_related(*self.list_related)
            return rows.get(**{key.name: key.to_python(object_id)})
        except (self.model.DoesNotExist, forms.ValidationError, ValueError):
            return None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not getattr(obj, "is_trashed", False)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [(name, {**options, "fields": read_as(options["fields"])}) for name, options in fieldsets]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # no pop-ups beside the input
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model
        if related is User:
            kwargs["queryset"] = User.objects.filter(is_active=True).order_by("name")
        elif issubclass(related, Record):
            kwargs["queryset"] = related.all_objects.all()
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and issubclass(related, Record):
            field.label_from_instance = lambda record: record.display_name
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": str(request.user.pk), **super().get_changeform_initial_data(request)}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        context = dict(extra_context or {}) | {"show_delete": False}
        record = self.get_object(request, object_id) if object_id else None
        if record is not None and self.has_view_or_change_permission(request, record):
            context |= {
                "original": NamedRecord(record),
                "subtitle": record.display_name,
                "related_lists": self.related_lists(request, record),
            }
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        return response

    def related_lists(self, request: HttpRequest, record: Any) -> list[Any]:
        """The short lists below the form."""
        return []

    # --- Saving --------------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change and not form.has_changed():
            return
        self.save_record(request, obj, form.cleaned_data.get("tag_list"))

    def save_record(self, request: HttpRequest, record: Any, tags: Any) -> None:
        services.save_record(record=record, actor=request.user, tags=tags)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._saved(request, obj, gettext("%(name)s was added."))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._saved(request, obj, gettext("%(name)s was saved."))

    def _saved(self, request: HttpRequest, record: Any, text: str) -> HttpResponse:
        """Django's answers, with the name in the message."""
        site, kind = self.admin_site.name, f"{self.opts.app_label}_{self.opts.model_name}"
        page = reverse(f"{site}:{kind}_change", args=(quote(record.pk),))
        link = format_html('<a href="{}">{}</a>', page, record.display_name)
        messages.success(request, format_html(text.replace("%(name)s", "{}"), link))
        if "_continue" in request.POST:
            return HttpResponseRedirect(page)
        if "_addanother" in request.POST:
            return HttpResponseRedirect(reverse(f"{site}:{kind}_add"))
        response: HttpResponse = self.response_post_save_change(request, record)
        return response


def read_as(fields: Any) -> list[Any]:
    """The fields of a fieldset for somebody who may only read."""
    shown: list[Any] = []
    for entry in fields:
        if isinstance(entry, list | tuple):
            row = read_as(entry)
            shown += [tuple(row)] if row else []
        elif name := READ_AS.get(entry, entry):
            shown.append(name)
    return shown


@admin.register(Tag, site=organization_site)
class TagAdmin(AuditHistoryMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("label_column", "created_column")
    list_per_page = 100
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "hue")
    actions = None

    @admin.display(description=_("tag"), ordering="name")
    def label_column(self, tag: Tag) -> Any:
        return columns.tags_cell([tag])

    @admin.display(description=_("created"))
    def created_column(self, tag: Tag) -> Any:
        return columns.time_cell(tag.created_at)
