"""Sign-in, the link to choose a password, the profile, and the lock after too many failures."""

import datetime as dt

import pytest
from django.utils import timezone

from tenants.accounts import attempts, links, roles
from tenants.accounts.models import SignInFailures, User
from tenants.scope import organization_scope
from tests.conftest import PASSWORD, make_user

LOGIN = "/admin/login/"
NEW = "quiet-river-sandwich"


def sign_in(client, email="alice@staff.example", password=PASSWORD, **data):
    return client.post(LOGIN, {"email": email, "password": password, **data})


def test_email_and_password_open_the_home_page(client_a, alice):
    answer = sign_in(client_a)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client_a.get("/admin/").status_code == 200


def test_the_page_loads_nothing_of_the_admin_and_no_unsafe_policy(client_a, alice):
    answer = client_a.get(LOGIN)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "unfold" not in answer.content.decode()


def test_a_wrong_password_is_told_without_saying_which_half_is_wrong(client_a, alice):
    wrong, unknown = sign_in(client_a, password="x"), sign_in(client_a, email="nobody@staff.example")
    assert wrong.status_code == unknown.status_code == 422
    for answer in (wrong, unknown):
        assert "do not match" in answer.content.decode()


def test_an_inactive_user_stays_outside(client_a, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert sign_in(client_a).status_code == 422


def test_one_organisations_account_does_not_open_another(client_b, alice):
    assert sign_in(client_b).status_code == 422


def test_a_session_of_one_organisation_is_worth_nothing_in_another(client_a, client_b, alice):
    sign_in(client_a)
    client_b.cookies = client_a.cookies
    assert client_b.get("/admin/").status_code == 302


def test_sign_in_goes_on_where_it_was_asked_for_but_never_elsewhere(client_a, alice):
    assert sign_in(client_a, next="/admin/profile/")["Location"] == "/admin/profile/"
    client_a.logout()
    assert sign_in(client_a, next="https://evil.example/")["Location"] == "/admin/"


def test_ten_failures_lock_the_account_for_that_address(client_a, alice):
    for _ in range(attempts.MOST_FAILURES):
        assert sign_in(client_a, password="x").status_code == 422
    answer = sign_in(client_a)
    assert answer.status_code == 422
    assert "Too many failed attempts" in answer.content.decode()
    elsewhere = client_a.post(
        LOGIN, {"email": "alice@staff.example", "password": PASSWORD}, REMOTE_ADDR="10.1.1.1"
    )
    assert elsewhere.status_code == 302


def test_the_lock_ends_and_a_success_forgets(in_a):
    key = attempts.key_of("alice@staff.example", "10.0.0.1")
    now = timezone.now()
    for _ in range(attempts.MOST_FAILURES):
        attempts.count_failure(key=key, now=now)
    with pytest.raises(attempts.TooManyAttempts):
        attempts.refuse_locked(key=key, now=now)
    later = now + attempts.LOCK + dt.timedelta(seconds=1)
    attempts.refuse_locked(key=key, now=later)
    attempts.count_failure(key=key, now=later)
    attempts.refuse_locked(key=key, now=later)
    attempts.forget(key=key)
    assert not SignInFailures.objects.filter(key=key).exists()


def test_the_counter_knows_no_address_in_clear(in_a):
    attempts.count_failure(key=attempts.key_of("alice@staff.example", "10.0.0.1"), now=timezone.now())
    row = SignInFailures.objects.values().get()
    assert "alice" not in str(row)
    assert "10.0.0.1" not in str(row)


def test_sign_out_asks_and_ends_the_session(client_a, alice):
    sign_in(client_a)
    assert "Sign out?" in client_a.get("/admin/logout/").content.decode()
    assert client_a.get("/admin/").status_code == 200
    client_a.post("/admin/logout/")
    assert client_a.get("/admin/").status_code == 302


def follow(client, path):
    first = client.get(path)
    return client.get(first["Location"]) if first.status_code == 302 else first


def test_a_link_lets_choose_a_password_once(client_a, alice):
    path = links.set_password_path(alice)
    assert "Choose your password" in follow(client_a, path).content.decode()
    form = client_a.get(path)["Location"]
    answer = client_a.post(form, {"new_password": NEW, "repeated": NEW})
    assert answer.status_code == 302
    assert client_a.get("/admin/").status_code == 200
    client_a.logout()
    assert sign_in(client_a, password=NEW).status_code == 302
    client_a.logout()
    assert client_a.get(path).status_code == 410


def test_a_weak_or_mistyped_password_is_explained(client_a, alice):
    form = client_a.get(links.set_password_path(alice))["Location"]
    assert client_a.post(form, {"new_password": "short", "repeated": "short"}).status_code == 422
    assert "differ" in client_a.post(form, {"new_password": NEW, "repeated": "x"}).content.decode()


def test_a_link_of_one_organisation_is_refused_in_another(client_b, organization_b, alice):
    path = links.set_password_path(alice)
    with organization_scope(organization_b):
        User.objects.create(pk=alice.pk, email="alice@staff.example", password=alice.password)
    assert client_b.get(path).status_code == 410


@pytest.mark.parametrize("path", ["x/y", "AAAA/form", "%FF/abc", "MDE5/abc-def"])
def test_a_forged_link_is_refused(client_a, in_a, path):
    assert client_a.get(f"/account/set-password/{path}/").status_code == 410


def test_the_profile_changes_name_and_language(client_a, alice):
    client_a.force_login(alice)
    assert client_a.post("/admin/profile/", {"name": "Alicia", "language": "de"}).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.language) == ("Alicia", "de")
    assert "Tastenkürzel" in client_a.get("/admin/").content.decode()


def test_the_language_switch_is_kept_with_the_account(client_a, alice):
    client_a.force_login(alice)
    answer = client_a.post("/account/language/", {"language": "de", "next": "/admin/profile/"})
    assert answer["Location"] == "/admin/profile/"
    alice.refresh_from_db()
    assert alice.language == "de"
    assert (
        client_a.post("/account/language/", {"language": "xx", "next": "//evil.example"})["Location"] == "/"
    )


def test_the_password_changes_only_with_the_present_one(client_a, alice):
    client_a.force_login(alice)
    wrong = {"old_password": "x", "new_password": NEW, "repeated": NEW}
    assert client_a.post("/admin/password_change/", wrong).status_code == 422
    assert client_a.post("/admin/password_change/", wrong | {"old_password": PASSWORD}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert client_a.get("/admin/").status_code == 200


def test_the_owner_adds_a_user_and_hands_over_a_link(client_a, in_a):
    owner = make_user("Olga", roles.OWNER)
    client_a.force_login(owner)
    viewer = User._meta.get_field("roles").related_model.objects.get(key="viewer")
    data = {"name": "Nina", "email": "nina@staff.example", "roles": [str(viewer.pk)], "language": ""}
    answer = client_a.post("/admin/accounts/user/add/", data)
    nina = User.objects.get(email="nina@staff.example")
    assert answer["Location"] == f"/admin/accounts/user/{nina.pk}/link/"
    page = client_a.post(answer["Location"]).content.decode()
    assert "http://alpha.localhost/account/set-password/" in page


def test_a_refusal_is_a_message_and_changes_nothing(client_a, in_a):
    owner = User.objects.get(roles__key=roles.OWNER)
    client_a.force_login(owner)
    viewer = owner.roles.model.objects.get(key="viewer")
    data = {
        "name": "Olga",
        "email": owner.email,
        "roles": [str(viewer.pk)],
        "language": "",
        "is_active": "on",
    }
    answer = client_a.post(f"/admin/accounts/user/{owner.pk}/change/", data, follow=True)
    assert "Somebody must stay owner" in answer.content.decode()
    assert owner.roles.filter(key=roles.OWNER).exists()


@pytest.mark.parametrize("path", ["user/", "user/add/", "role/", "role/add/"])
def test_others_do_not_reach_users_and_roles(client_a, alice, path):
    client_a.force_login(alice)
    assert client_a.get(f"/admin/accounts/{path}").status_code == 403


def test_an_owner_removes_a_user(client_a, alice):
    client_a.force_login(User.objects.get(roles__key=roles.OWNER))
    assert "Alice" in client_a.get(f"/admin/accounts/user/{alice.pk}/delete/").content.decode()
    client_a.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=alice.pk).exists()
