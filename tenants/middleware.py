"""From a request's host to its organisation, and the user's own settings for the request."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render
from django.utils import timezone, translation

from tenants.database import connection
from tenants.organizations.models import Domain, OrganizationState
from tenants.scope import in_organization

GetResponse = Callable[[HttpRequest], HttpResponse]


class OrganizationMiddleware:
    """Finds the organisation by the exact host name. The platform answers on BASE_DOMAIN alone; a host that
    nobody owns is refused, and so is an organisation that is not active."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()
        try:
            host = split_domain_port(request.get_host())[0].lower().rstrip(".")
        except DisallowedHost:
            return render(request, "errors/unknown_host.html", status=404)
        if host == settings.BASE_DOMAIN:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return self.get_response(request)
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
        if domain is None:
            return render(request, "errors/unknown_host.html", status=404)
        organization = domain.tenant
        if organization.state != OrganizationState.ACTIVE:
            return render(request, "errors/not_active.html", status=403)
        request.tenant = organization  # type: ignore[attr-defined]
        connection.set_tenant(organization)
        try:
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()


class UserPreferencesMiddleware:
    """The signed-in user's language and the organisation's time zone, for this request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        if in_organization():
            timezone.activate(zoneinfo.ZoneInfo(request.tenant.timezone))  # type: ignore[attr-defined]
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
