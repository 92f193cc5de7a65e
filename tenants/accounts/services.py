"""Writing users and roles: the only place that does, and the rules about who may give what to whom."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from tenants.accounts import roles as built_in
from tenants.accounts.models import Role, User
from tenants.accounts.signals import account_changed
from tenants.errors import DomainError


class LastOwner(DomainError):
    code = "last_owner"
    message = _("Somebody must stay owner: make another user owner first.")


class AddressTaken(DomainError):
    code = "address_taken"
    message = _("There is a user with this email address already.")


class BeyondOwnRights(DomainError):
    code = "beyond_own_rights"
    message = _("You can only give roles whose rights you have yourself: ask an owner.")


class NotYourself(DomainError):
    code = "not_yourself"
    message = _("You cannot remove or deactivate your own account: ask another owner.")


class OwnsRecords(DomainError):
    code = "owns_records"
    message = _("Records belong to this user: give them to somebody else first, or deactivate the account.")


class RoleKept(DomainError):
    code = "role_kept"
    message = _("Built-in roles cannot be removed, and the owner's always has every permission.")


class RoleInUse(DomainError):
    code = "role_in_use"
    message = _("Users have this role: give them another one first.")


def create_user(*, email: str, name: str, roles: Iterable[Role], actor: User, language: str = "") -> User:
    """A user without a password, who gets one by :func:`tenants.accounts.links.set_password_path`."""
    given = list(roles)
    with transaction.atomic():
        _refuse_beyond(actor, given)
        user = User(email=email, name=name.strip(), language=language)
        user.set_unusable_password()
        _save(user, force_insert=True)
        user.roles.set(given)
        _announce(user, "created", {"roles": [[], _keys(given)]}, actor)
    return user


def update_user(
    *, user: User, name: str, email: str, roles: Iterable[Role], is_active: bool, language: str, actor: User
) -> User:
    """Change a user as an administrator; the last active owner stays one."""
    given = list(roles)
    with transaction.atomic():
        _lock_owners()
        before = User.objects.get(pk=user.pk)
        had = list(before.roles.all())
        _refuse_beyond(actor, [*had, *given])
        if not is_active and user.pk == actor.pk:
            raise NotYourself
        keeps = is_active and built_in.OWNER in _keys(given)
        if not keeps:
            _refuse_last_owner(before, had)
        changes = _differences(before, name=name.strip(), email=email, is_active=is_active, language=language)
        if _keys(had) != _keys(given):
            changes["roles"] = [_keys(had), _keys(given)]
        user.name, user.email, user.is_active, user.language = name.strip(), email, is_active, language
        _save(user)
        user.roles.set(given)
        if changes:
            _announce(user, "updated", changes, actor)
    return user


def delete_user(*, user: User, actor: User) -> None:
    """Remove an account. What the user did stays, under the user's id."""
    with transaction.atomic():
        _lock_owners()
        had = list(user.roles.all())
        if user.pk == actor.pk:
            raise NotYourself
        _refuse_beyond(actor, had)
        _refuse_last_owner(user, had)
        _announce(user, "deleted", {"roles": [_keys(had), []]}, actor)
        user.roles.clear()
        _delete_row(user)


def may_administer(*, user: User, actor: User) -> bool:
    """Whether ``actor`` has every right that ``user`` has, and so may change it or reset its password."""
    return _holds(actor, user.roles.all())


def change_profile(*, user: User, name: str, language: str) -> None:
    """What users change about themselves."""
    with transaction.atomic():
        changes = _differences(user, name=name.strip(), language=language)
        user.name, user.language = name.strip(), language
        user.save(update_fields=["name", "language"])
        if changes:
            _announce(user, "updated", changes, user)


def choose_language(*, user: User, language: str) -> None:
    change_profile(user=user, name=user.name, language=language)


def set_password(*, user: User, password: str) -> None:
    """Give the user a password of their own choice; raises ValidationError for a weak one. Ends the user's
    other sessions, since their hash covers the password."""
    validate_password(password, user)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        _announce(user, "updated", {"password": [None, None]}, user)


def save_role(*, role: Role, name: str, permissions: Iterable[str], actor: User) -> Role:
    """Create or change a role; nobody puts into one what they may not do themselves."""
    wanted = sorted(set(permissions))
    with transaction.atomic():
        before = Role.objects.select_for_update().filter(pk=role.pk).first()
        if before is not None and before.key == built_in.OWNER and wanted != sorted(before.permissions):
            raise RoleKept
        added = set(wanted) ^ set(before.permissions if before else ())
        if not all(actor.has_perm(permission) for permission in added):
            raise BeyondOwnRights
        old = [before.name, sorted(before.permissions)] if before else ["", []]
        role.name, role.permissions = name.strip(), wanted
        role.key = before.key if before else f"role-{role.pk.hex}"
        role.save()
        changes = {
            field: [was, now]
            for field, was, now in (("name", old[0], role.name), ("permissions", old[1], wanted))
            if was != now
        }
        if changes:
            _announce(role, "updated" if before else "created", changes, actor)
    return role


def delete_role(*, role: Role, actor: User) -> None:
    """Remove a role that nobody has and that was not there from the start."""
    if role.built_in:
        raise RoleKept
    with transaction.atomic():
        if role.users.exists():
            raise RoleInUse
        if not _holds(actor, [role]):
            raise BeyondOwnRights
        _announce(role, "deleted", {"permissions": [sorted(role.permissions), []]}, actor)
        role.delete()


def _delete_row(user: User) -> None:
    """Remove the row alone. Django's own deletion would empty the owner of any number of records, and look
    for the admin's log, which organisations do not have."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {User._meta.db_table} WHERE id = %s", [user.pk])  # noqa: S608
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError:
        raise OwnsRecords from None


def _save(user: User, **options: Any) -> None:
    try:
        with transaction.atomic():
            user.save(**options)
    except IntegrityError:
        raise AddressTaken from None


def _lock_owners() -> None:
    """One change of users at a time, so that two owners cannot remove each other in the same moment."""
    list(Role.objects.select_for_update().filter(key=built_in.OWNER))


def _refuse_last_owner(user: User, had: list[Role]) -> None:
    if built_in.OWNER not in _keys(had) or not user.is_active:
        return
    if not User.objects.filter(roles__key=built_in.OWNER, is_active=True).exclude(pk=user.pk).exists():
        raise LastOwner


def _refuse_beyond(actor: User, roles: Iterable[Role]) -> None:
    if not _holds(actor, roles):
        raise BeyondOwnRights


def _holds(actor: User, roles: Iterable[Role]) -> bool:
    return all(actor.has_perm(permission) for role in roles for permission in role.permissions)


def _keys(roles: Iterable[Role]) -> list[str]:
    return sorted(role.key for role in roles)


def _differences(user: User, **values: Any) -> dict[str, list[Any]]:
    return {
        field: [getattr(user, field), value]
        for field, value in values.items()
        if getattr(user, field) != value
    }


def _announce(instance: User | Role, action: str, changes: dict[str, list[Any]], actor: User) -> None:
    account_changed.send(
        sender=type(instance), instance=instance, action=action, changes=changes, actor=actor
    )
