"""The organisation's own settings page: name, country, language, currency, time zone, colour."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants.organizations.models import Organization
from tenants.scope import current_organization, platform_scope

PERMISSION = "tenants.setup"
FIELDS = ("name", "country", "language", "currency", "timezone", "hue")

# Sent inside the organisation's scope, after the change: organization, changes ({field: [old, new]}), actor.
organization_changed = Signal()


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an owner may change; address and schema stay."""

    country = forms.RegexField(
        r"^[A-Z]{2}$",
        label=_("Country"),
        required=False,
        help_text=_(
            "Two letters, such as DE. Phone numbers without a country code are read as this country's."
        ),
        widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 2}),
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=_("Currency"),
        help_text=_("Three letters, such as EUR."),
        widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 3}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=lambda: settings.LANGUAGES, widget=UnfoldAdminSelectWidget()
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones())],
        widget=UnfoldAdminSelectWidget(),
    )
    hue = forms.IntegerField(
        label=_("Colour"),
        min_value=0,
        max_value=359,
        help_text=_("The colour of buttons and links, from 0 to 359 around the colour wheel."),
        widget=forms.NumberInput(attrs={"type": "range", "class": "hue-slider", "data-hue-slider": ""}),
    )

    class Meta:
        model = Organization
        fields = FIELDS
        widgets = {"name": UnfoldAdminTextInputWidget()}


def update_profile(*, organization: Organization, values: dict[str, Any], actor: Any) -> Organization:
    """Change an organisation's own settings, and announce what changed."""
    with platform_scope():
        fresh: Organization = Organization.objects.get(pk=organization.pk)
        changes = {
            field: [getattr(fresh, field), values[field]]
            for field in FIELDS
            if field in values and getattr(fresh, field) != values[field]
        }
        for field, (_old, new) in changes.items():
            setattr(fresh, field, new)
        if changes:
            fresh.save(update_fields=list(changes))
    if changes:
        organization_changed.send(
            sender=Organization, organization=organization, changes=changes, actor=actor
        )
    return fresh


def profile_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """For whoever may set the organisation up."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    organization = current_organization()
    form = ProfileForm(
        request.POST or None,
        # A copy: the form writes into its instance, also when it refuses.
        instance=Organization(
            **{f.attname: getattr(organization, f.attname) for f in organization._meta.fields}
        ),
    )
    if request.method == "POST" and form.is_valid():
        update_profile(organization=organization, values=form.cleaned_data, actor=request.user)
        messages.success(request, gettext("The organisation's profile is saved."))
        return HttpResponseRedirect(reverse("admin:organization_profile"))
    request.current_app = site.name
    context = {**site.each_context(request), "form": form, "title": _("Organisation profile")}
    return render(request, "organizations/profile.html", context, status=422 if form.errors else 200)
