"""Users and roles: an organisation's in its own schema, the platform's operators in ``public``.

The same person in two organisations is two accounts.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from tenants.accounts.attempts import SignInFailures
from tenants.ids import uuid7
from tenants.keys.fields import EncryptedEmailField
from tenants.keys.querysets import EncryptedQuerySet
from tenants.scope import current_schema

__all__ = ["Role", "SignInFailures", "User", "UserManager"]


class Role(models.Model):
    """A named set of permissions, each ``app.codename``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    permissions = ArrayField(models.CharField(max_length=100), verbose_name=_("permissions"), default=list)
    built_in = models.BooleanField(_("built in"), default=False)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"].from_queryset(EncryptedQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, name: str = "", password: str | None = None, **extra: Any) -> "User":
        """A user with a hashed password, or with none that works."""
        user = User(email=email, name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """An operator of the platform, or in an organisation somebody with every permission."""
        return self.create_user(email, password=password, is_superuser=True, **extra)


class User(AbstractBaseUser):
    """Somebody who signs in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = EncryptedEmailField(_("email address"), unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(_("every permission"), default=False, editable=False)
    roles: "models.ManyToManyField[Role, Any]" = models.ManyToManyField(
        Role, verbose_name=_("roles"), blank=True, related_name="users"
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["name"]

    def __str__(self) -> str:
        # Colleagues know each other by name; where there is none, the id says nothing about the person.
        return self.name or f"{_('User')} {self.pk}"

    @property
    def is_staff(self) -> bool:
        """Everybody with an account works in the admin; what they see there their roles decide."""
        return self.is_active

    @cached_property
    def role_permissions(self) -> frozenset[str]:
        rows = self.roles.values_list("permissions", flat=True)
        return frozenset(permission for permissions in rows for permission in permissions)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether one of the user's roles grants ``app.codename``."""
        return self.is_active and (self.is_superuser or perm in self.role_permissions)

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        if not self.is_active:
            return False
        return self.is_superuser or any(p.startswith(f"{app_label}.") for p in self.role_permissions)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        # Bound to the schema: an identical user of another organisation cannot reuse the session.
        return salted_hmac(
            f"tenants.accounts.session.{current_schema()}", self.password, secret=secret, algorithm="sha256"
        ).hexdigest()
