"""Local sign-in by email address and password."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from tenants.accounts.models import User


class PasswordBackend(BaseBackend):
    """Checks a password against the users of the current schema, in the same time whether or not the address
    is known."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        email = username or _.get("email")
        if not email or password is None:
            return None
        user: User | None = User.objects.filter(email=email).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: Any) -> User | None:
        found: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        return found
