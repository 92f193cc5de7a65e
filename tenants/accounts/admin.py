"""Users and roles in the admin: an organisation's owner sees its own, an operator the operators."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from tenants.accounts import services
from tenants.accounts.forms import RoleForm, UserForm
from tenants.accounts.links import set_password_path
from tenants.accounts.models import Role, User
from tenants.accounts.views import refusal
from tenants.errors import DomainError
from tenants.sites import organization_site


class ServiceModelAdmin(ModelAdmin):  # type: ignore[misc]
    """Writes through services. A refusal becomes a message and leaves everything as it was."""

    actions = None  # nothing happens to many accounts at once
    show_full_result_count = False
    change_form_template = "accounts/change_form.html"

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return cast(HttpResponse, super().changeform_view(request, *args, **kwargs))
        except DomainError as error:
            refusal(request, error)
            return HttpResponseRedirect(request.get_full_path())

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return cast(HttpResponse, super().delete_view(request, *args, **kwargs))
        except DomainError as error:
            refusal(request, error)
            return HttpResponseRedirect("../change/")

    # Django's own history is not kept: the services announce each change.
    def log_addition(self, *args: Any) -> None: ...

    def log_change(self, *args: Any) -> None: ...

    def log_deletions(self, *args: Any) -> None: ...

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect("../change/")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kw: Any) -> Any:
        # Unfold's button reads "Delete" and the kind, which is no German; the template has its own.
        return super().render_change_form(request, context | {"show_delete": False}, *args, **kw)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Only the account or role itself goes; the services refuse where something hangs on it."""
        return [str(item) for item in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has written the roles already."""


class UserAdmin(ServiceModelAdmin):
    form = UserForm
    list_display = ["person", "email_address", "role_names", "active", "last_login"]
    list_filter = ["is_active", "roles"]
    search_fields = ["name"]
    search_help_text = _("Part of a name, or a whole email address")
    ordering = ["name", "pk"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return cast("QuerySet[User]", super().get_queryset(request).prefetch_related("roles"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        term = search_term.strip()
        if "@" in term:
            return queryset.filter(email=term), False
        return (queryset.filter(name__icontains=term) if term else queryset), False

    @display(description=_("name"), ordering="name", header=True)  # type: ignore[untyped-decorator]
    def person(self, user: User) -> list[Any]:
        return [user.name or "–", None, (user.name or "?")[0].upper()]

    @admin.display(description=_("email address"))
    def email_address(self, user: User) -> str:
        return str(user.email)

    @admin.display(description=_("roles"))
    def role_names(self, user: User) -> str:
        return ", ".join(role.name for role in user.roles.all()) or "–"

    @admin.display(description=_("active"), boolean=True, ordering="is_active")
    def active(self, user: User) -> bool:
        return user.is_active

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = ["name", "email", "roles", "language"]
        return [(None, {"fields": fields if obj is None else [*fields, "is_active"]})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # Declared in full: the admin's factory would look for "is_active" in the form for adding.
        return UserForm

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        data, actor = form.cleaned_data, cast(User, request.user)
        if change:
            services.update_user(
                user=User.objects.get(pk=obj.pk),
                name=data["name"],
                email=data["email"],
                roles=data["roles"],
                is_active=data["is_active"],
                language=data["language"],
                actor=actor,
            )
        else:
            made = services.create_user(
                email=data["email"],
                name=data["name"],
                roles=data["roles"],
                language=data["language"],
                actor=actor,
            )
            obj.pk, obj._state.adding = made.pk, False

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.delete_user(user=obj, actor=cast(User, request.user))

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(self._address("link", obj))

    def get_urls(self) -> list[URLPattern]:
        link = self.admin_site.admin_view(self.link_view)
        return [path("<uuid:pk>/link/", link, name="accounts_user_link"), *super().get_urls()]

    def link_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Makes a link by which the user chooses a password, to hand over. It is shown once and not kept."""
        user = get_object_or_404(User, pk=pk)
        actor = cast(User, request.user)
        allowed = self.has_change_permission(request, user)
        allowed = allowed and services.may_administer(user=user, actor=actor)
        link = ""
        if allowed and user.is_active and request.method == "POST":
            link = request.build_absolute_uri(set_password_path(user))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Link to choose a password"),
            "opts": self.opts,
            "account": user,
            "allowed": allowed and user.is_active,
            "link": link,
            "back": self._address("change", user),
        }
        return render(request, "accounts/user_link.html", context, status=200 if allowed else 403)

    def _address(self, page: str, user: User) -> str:
        return reverse(f"{self.admin_site.name}:accounts_user_{page}", args=(user.pk,))


class RoleAdmin(ServiceModelAdmin):
    form = RoleForm
    list_display = ["name", "user_count", "built_in"]
    fieldsets = [(None, {"fields": ["name", "permissions"]})]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        return cast("QuerySet[Role]", super().get_queryset(request).annotate(user_total=Count("users")))

    @admin.display(description=_("users"), ordering="user_total")
    def user_count(self, role: Role) -> int:
        return int(getattr(role, "user_total", 0))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return RoleForm

    def has_delete_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and not (obj is not None and obj.built_in)

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        services.save_role(
            role=obj,
            name=form.cleaned_data["name"],
            permissions=form.cleaned_data["permissions"],
            actor=cast(User, request.user),
        )

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        services.delete_role(role=obj, actor=cast(User, request.user))


organization_site.register(User, UserAdmin)
organization_site.register(Role, RoleAdmin)
admin.site.register(User, UserAdmin)
