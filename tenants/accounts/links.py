"""Signed links of an account, each bound to the schema that it was made in."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tenants.accounts.models import User
from tenants.scope import current_schema


class SchemaBoundTokens(PasswordResetTokenGenerator):
    """Django's tokens with the schema mixed in: an identical user elsewhere cannot use one."""

    key_salt = "tenants.accounts.links.SchemaBoundTokens"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{current_schema()}{user.pk}{user.password}{user.last_login}{timestamp}"


tokens = SchemaBoundTokens()


def set_password_path(user: User) -> str:
    """Where the user chooses a (new) password: works once, for PASSWORD_RESET_TIMEOUT."""
    uid = urlsafe_base64_encode(force_bytes(str(user.pk)))
    return reverse(
        "set_password", kwargs={"uidb64": uid, "token": tokens.make_token(user)}, urlconf="config.urls_tenant"
    )
