"""Organisations in the platform's admin: their names, addresses and settings, never what they hold."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants.accounts.admin import ServiceModelAdmin
from tenants.accounts.links import set_password_path
from tenants.accounts.views import refusal
from tenants.errors import DomainError
from tenants.organizations import services
from tenants.organizations.models import Domain, Organization, OrganizationState
from tenants.organizations.profile import ProfileForm, update_profile
from tenants.scope import organization_scope


class NewOrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    """What provisioning needs to know."""

    owner_name = forms.CharField(
        label=_("Owner's name"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget()
    )
    owner_email = forms.EmailField(
        label=_("Owner's email address"), max_length=254, widget=UnfoldAdminEmailInputWidget()
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=lambda: settings.LANGUAGES, widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = Organization
        fields = ["name", "slug", "owner_name", "owner_email", "country", "language", "currency", "timezone"]
        widgets = {
            name: UnfoldAdminTextInputWidget() for name in ("name", "slug", "country", "currency", "timezone")
        }


class DomainInline(TabularInline):  # type: ignore[misc]
    model = Domain
    fields = ["domain", "is_primary"]
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organization)
class OrganizationAdmin(ServiceModelAdmin):
    list_display = ["name", "address", "shown_state", "country", "created_at"]
    list_filter = ["state"]
    search_fields = ["name", "slug"]
    ordering = ["name", "pk"]
    list_per_page = 50
    readonly_fields = ["slug", "state", "created_at"]
    inlines = [DomainInline]

    def get_inlines(self, request: HttpRequest, obj: Organization | None = None) -> list[type[Any]]:
        return [DomainInline] if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[str]:
        return ["slug", "state", "created_at"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Organization | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": NewOrganizationForm.Meta.fields})]
        return [(None, {"fields": ["name", "slug", "state", "created_at", *ProfileForm.Meta.fields[1:]]})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return ProfileForm if obj else NewOrganizationForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # ending an organisation is more than removing a row

    @admin.display(description=_("address"), ordering="slug")
    def address(self, organization: Organization) -> str:
        return f"{organization.slug}.{settings.BASE_DOMAIN}"

    @display(  # type: ignore[untyped-decorator]
        description=_("state"),
        ordering="state",
        label={OrganizationState.ACTIVE: "success", OrganizationState.SUSPENDED: "warning"},
    )
    def shown_state(self, organization: Organization) -> tuple[str, str]:
        return organization.state, str(OrganizationState(organization.state).label)

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        if change:
            update_profile(organization=obj, values=form.cleaned_data, actor=request.user)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Provision, then show the owner's link: it is shown once and not kept, so there is no redirect."""
        if request.method != "POST" or not self.has_add_permission(request):
            return cast(HttpResponse, super().add_view(request, form_url, extra_context))
        form = NewOrganizationForm(request.POST)
        if not form.is_valid():
            return cast(HttpResponse, super().add_view(request, form_url, extra_context))
        try:
            made = services.create_organization(**form.cleaned_data)
        except DomainError as error:
            refusal(request, error)
            return HttpResponseRedirect(request.path)
        with organization_scope(made.organization):
            path = set_password_path(made.owner)
        host = f"{made.organization.slug}.{request.get_host()}"
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": made.organization.name,
            "opts": self.opts,
            "account": made.owner,
            "allowed": True,
            "link": f"{request.scheme}://{host}{path}",
            "back": reverse("admin:tenants_organization_changelist"),
        }
        return render(request, "accounts/user_link.html", context)
