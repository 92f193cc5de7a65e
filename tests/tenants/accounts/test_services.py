"""Users and roles: the last owner stays, and nobody gives more than they have."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.people.models import Contact
from tenants.accounts import roles, services
from tenants.accounts.models import Role, User
from tenants.accounts.signals import account_changed
from tests.conftest import make_user


@pytest.fixture
def owner(in_a):
    """The owner that provisioning made."""
    return User.objects.get(roles__key=roles.OWNER)


def role(key):
    return Role.objects.get(key=key)


def change(user, actor, **values):
    given = {
        "name": user.name,
        "email": user.email,
        "roles": list(user.roles.all()),
        "is_active": user.is_active,
        "language": user.language,
    }
    return services.update_user(user=user, actor=actor, **(given | values))


def test_a_user_is_made_without_a_password(owner):
    user = services.create_user(email="new@staff.example", name=" Nina ", roles=[role("viewer")], actor=owner)
    assert user.name == "Nina"
    assert not user.has_usable_password()
    assert [r.key for r in user.roles.all()] == ["viewer"]


def test_an_address_is_taken_once(owner, alice):
    with pytest.raises(services.AddressTaken):
        services.create_user(email="ALICE@staff.example", name="Other", roles=[role("viewer")], actor=owner)


def test_the_last_owner_stays_owner_active_and_there(owner):
    other = make_user("Otto", roles.OWNER)
    services.delete_user(user=owner, actor=other)
    with pytest.raises(services.NotYourself):
        services.delete_user(user=other, actor=other)
    with pytest.raises(services.NotYourself):
        change(other, other, is_active=False)
    with pytest.raises(services.LastOwner):
        change(other, other, roles=[role("viewer")])


def test_who_owns_records_is_not_removed(owner, alice):
    contact = Contact(first_name="Ana", owner=alice)
    contact.save()
    with pytest.raises(services.OwnsRecords):
        services.delete_user(user=alice, actor=owner)
    assert User.objects.filter(pk=alice.pk).exists()
    assert alice.roles.exists()


def test_an_inactive_owner_does_not_count(owner):
    other = make_user("Otto", roles.OWNER)
    change(other, owner, is_active=False)
    with pytest.raises(services.LastOwner):
        change(owner, owner, roles=[role("viewer")])


def test_one_of_two_owners_may_step_down(owner):
    make_user("Otto", roles.OWNER)
    change(owner, owner, roles=[role("operations")])
    assert not User.objects.get(pk=owner.pk).has_perm("tenants.setup")


def test_nobody_gives_a_role_beyond_their_own_rights(owner, alice):
    with pytest.raises(services.BeyondOwnRights):
        services.create_user(email="x@staff.example", name="X", roles=[role("owner")], actor=alice)
    with pytest.raises(services.BeyondOwnRights):
        change(owner, alice, name="Changed")
    with pytest.raises(services.BeyondOwnRights):
        services.delete_user(user=owner, actor=alice)
    assert not services.may_administer(user=owner, actor=alice)


def test_nobody_puts_into_a_role_what_they_may_not_do(owner, alice):
    with pytest.raises(services.BeyondOwnRights):
        services.save_role(role=Role(), name="Sneaky", permissions=["tenants.setup"], actor=alice)
    made = services.save_role(role=Role(), name="Callers", permissions=["crm.view_contact"], actor=owner)
    assert made.permissions == ["crm.view_contact"]


def test_the_owners_role_keeps_every_permission_and_built_in_ones_stay(owner):
    with pytest.raises(services.RoleKept):
        services.save_role(role=role("owner"), name="Owner", permissions=[], actor=owner)
    with pytest.raises(services.RoleKept):
        services.delete_role(role=role("viewer"), actor=owner)


def test_a_role_in_use_stays(owner, alice):
    made = services.save_role(role=Role(), name="Callers", permissions=["crm.view_contact"], actor=owner)
    alice.roles.add(made)
    with pytest.raises(services.RoleInUse):
        services.delete_role(role=made, actor=owner)
    alice.roles.remove(made)
    services.delete_role(role=made, actor=owner)
    assert not Role.objects.filter(pk=made.pk).exists()


def test_a_weak_password_is_refused(alice):
    with pytest.raises(ValidationError):
        services.set_password(user=alice, password="password")


def test_changes_are_announced_with_what_they_changed(owner, alice):
    heard = []

    def listen(sender, instance, action, changes, actor, **_):
        heard.append((action, changes, actor))

    account_changed.connect(listen)
    try:
        change(alice, owner, name="Alicia", roles=[role("viewer")])
        change(alice, owner, name="Alicia", roles=[role("viewer")])
    finally:
        account_changed.disconnect(listen)
    expected = {"name": ["Alice", "Alicia"], "roles": [["operations"], ["viewer"]]}
    assert heard == [("updated", expected, owner)]


def test_owners_are_locked_while_one_of_them_changes(owner):
    with CaptureQueriesContext(connection) as captured:
        change(owner, owner, name="Olga O.")
    assert any("FOR UPDATE" in query["sql"] and "accounts_role" in query["sql"] for query in captured)
