"""Failed sign-ins, counted in the database so that the limit holds across processes.

A row is one account from one network address, known by a digest only.
"""

import datetime as dt
import hmac
from hashlib import sha256

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError
from tenants.scope import current_schema

MOST_FAILURES = 10
WINDOW = dt.timedelta(minutes=15)
LOCK = dt.timedelta(minutes=5)


class TooManyAttempts(DomainError):
    code = "too_many_attempts"
    message = _("Too many failed attempts. Wait five minutes, then try again.")


class SignInFailures(models.Model):
    """How often one account was tried in vain from one address, since when, and until when it is locked."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "accounts"

    def __str__(self) -> str:
        return self.key[:8]


def key_of(email: str, address: str) -> str:
    """The digest that stands for an account and a network address in the current schema."""
    text = f"{current_schema()}\0{email.strip().casefold()}\0{address}"
    secret = settings.SECRET_KEY.encode()
    return hmac.new(secret, b"tenants.accounts.attempts\0" + text.encode(), sha256).hexdigest()


def refuse_locked(*, key: str, now: dt.datetime) -> None:
    """Raise :class:`TooManyAttempts` while the lock lasts."""
    if SignInFailures.objects.filter(key=key, locked_until__gt=now).exists():
        raise TooManyAttempts


def count_failure(*, key: str, now: dt.datetime) -> None:
    """Count one failure; the tenth within the window locks."""
    with transaction.atomic():
        SignInFailures.objects.filter(started_at__lt=now - WINDOW - LOCK).delete()
        SignInFailures.objects.bulk_create([SignInFailures(key=key, started_at=now)], ignore_conflicts=True)
        row = SignInFailures.objects.select_for_update().get(key=key)
        if row.started_at < now - WINDOW or (row.locked_until and row.locked_until <= now):
            SignInFailures.objects.filter(key=key).update(count=1, started_at=now, locked_until=None)
            return
        locked = now + LOCK if row.count + 1 >= MOST_FAILURES else None
        SignInFailures.objects.filter(key=key).update(count=F("count") + 1, locked_until=locked)


def forget(*, key: str) -> None:
    """After a success."""
    SignInFailures.objects.filter(key=key).delete()
