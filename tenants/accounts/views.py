"""The pages of accounts: sign-in, a password by link, and what users change about themselves.

The public ones run under a policy without ``unsafe-*`` and load nothing of the admin.
"""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import login, logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode
from django.utils.translation import activate, check_for_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import View

from tenants.accounts import services
from tenants.accounts.forms import NewPasswordForm, PasswordChangeForm, ProfileForm, SignInForm
from tenants.accounts.links import tokens
from tenants.accounts.models import User
from tenants.errors import DomainError
from tenants.public_pages import PUBLIC_CSP

LINK_SESSION_KEY = "set_password_token"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # seconds


def complete_sign_in(request: HttpRequest, user: User) -> None:
    """Begin the session. The second factor will stand between the password and this."""
    login(request, user, backend="tenants.accounts.backends.PasswordBackend")


@method_decorator(
    [never_cache, sensitive_post_parameters("password"), csp_override(PUBLIC_CSP)], name="dispatch"
)
class SignInView(View):
    """Email address and password."""

    site: AdminSite | None = None

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return HttpResponseRedirect(self._target(request))
        return self._page(request, SignInForm(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(request, request.POST)
        if not form.is_valid() or form.user is None:
            return self._page(request, form, status=422)
        complete_sign_in(request, form.user)
        return HttpResponseRedirect(self._target(request))

    def _page(self, request: HttpRequest, form: SignInForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "next": self._asked_for(request), "form_action": request.path}
        return render(request, "accounts/sign_in.html", context, status=status)

    def _asked_for(self, request: HttpRequest) -> str:
        return safe_next(request, request.POST.get("next", request.GET.get("next", "")))

    def _target(self, request: HttpRequest) -> str:
        return self._asked_for(request) or resolve_url("admin:index")


@never_cache
@csp_override(PUBLIC_CSP)
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; a GET asks first, so that a link on another site cannot sign anybody out."""
    if request.method == "POST":
        logout(request)
    return render(request, "accounts/signed_out.html", {"signed_in": request.user.is_authenticated})


@never_cache
@sensitive_post_parameters("new_password", "repeated")
@csp_override(PUBLIC_CSP)
def set_password(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Choose a password by a link that works once.

    The token moves into the session and out of the address, so that it does not travel as a referrer.
    """
    user = _user_of_link(uidb64)
    if user is None:
        return render(request, "accounts/set_password.html", {"invalid": True}, status=410)
    if token != "form":  # noqa: S105 - what stands in the address instead of the token
        if not tokens.check_token(user, token):
            return render(request, "accounts/set_password.html", {"invalid": True}, status=410)
        request.session[LINK_SESSION_KEY] = token
        return HttpResponseRedirect(reverse("set_password", kwargs={"uidb64": uidb64, "token": "form"}))
    if not tokens.check_token(user, request.session.get(LINK_SESSION_KEY, "")):
        return render(request, "accounts/set_password.html", {"invalid": True}, status=410)
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_password(user=user, password=form.cleaned_data["new_password"])
        request.session.pop(LINK_SESSION_KEY, None)
        complete_sign_in(request, user)
        return HttpResponseRedirect(resolve_url("admin:index"))
    context = {"form": form, "account": user}
    return render(request, "accounts/set_password.html", context, status=422 if form.errors else 200)


def profile(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Name, language, appearance, keyboard."""
    user = cast(User, request.user)
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language})
    if request.method == "POST" and form.is_valid():
        services.change_profile(user=user, **form.cleaned_data)
        activate(user.language or settings.LANGUAGE_CODE)
        messages.success(request, gettext("Your profile is saved."))
        return _remember_language(HttpResponseRedirect(reverse("admin:profile")), user.language)
    return _admin_page(request, site, "accounts/profile.html", {"form": form, "title": _("Your profile")})


@sensitive_post_parameters("old_password", "new_password", "repeated")
def change_password(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Another password, by somebody who knows the present one."""
    user = cast(User, request.user)
    form = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_password(user=user, password=form.cleaned_data["new_password"])
        update_session_auth_hash(request, user)
        messages.success(request, gettext("Your password is changed. Other devices are signed out."))
        return HttpResponseRedirect(reverse("admin:profile"))
    context = {"form": form, "title": _("Change password")}
    return _admin_page(request, site, "accounts/change_password.html", context)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The language switch: kept with the account, and in a cookie for the pages before sign-in."""
    response = HttpResponseRedirect(safe_next(request, request.POST.get("next", "")) or "/")
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES) or not check_for_language(code):
        return response
    if request.user.is_authenticated:
        services.choose_language(user=request.user, language=code)
    return _remember_language(response, code)


def safe_next(request: HttpRequest, url: str) -> str:
    """The address if it leads to this host, else nothing."""
    allowed = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if allowed else ""


def refusal(request: HttpRequest, error: DomainError) -> None:
    """Tell the user what was refused and what to do."""
    messages.error(request, str(error.message))


def _user_of_link(uidb64: str) -> User | None:
    try:
        key = urlsafe_base64_decode(uidb64).decode("ascii")
        user: User | None = User.objects.filter(pk=key, is_active=True).first()
    except (ValueError, TypeError, UnicodeDecodeError, ValidationError):
        return None
    return user


def _admin_page(
    request: HttpRequest, site: AdminSite, template: str, context: dict[str, Any]
) -> HttpResponse:
    request.current_app = site.name
    form = context["form"]
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {**site.each_context(request), **context}, status=status)


def _remember_language[Response: HttpResponse](response: Response, code: str) -> Response:
    if code:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=LANGUAGE_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response
