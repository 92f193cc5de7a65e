"""Entries say on whose behalf and through what."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from compliance.audit.context import SYSTEM, acting_as, current
from compliance.audit.middleware import ActorMiddleware
from compliance.audit.models import ActorKind, AuditEntry, SourceKind
from crm.models import Tag
from tenants.accounts.models import User
from tenants.jobs import registry
from tenants.jobs.models import Job
from tenants.organizations.models import Organization
from tenants.scope import platform_scope
from tests.conftest import OrganizationClient

pytestmark = pytest.mark.django_db


def test_outside_of_everything_it_is_the_system(in_a: Organization):
    Tag.objects.create(name="vip")
    entry = AuditEntry.objects.first()
    assert (entry.actor_id, entry.actor_kind, entry.source_kind) == (None, ActorKind.SYSTEM, "")


def test_the_inner_actor_leaves_the_outer_one_as_it_was(in_a: Organization, alice: User, bob: User):
    source = uuid.uuid4()
    with acting_as(actor=alice, source_kind=SourceKind.IMPORT, source_id=source):
        with acting_as(actor=bob.pk):
            inner = current()
        with pytest.raises(RuntimeError), acting_as(actor=None):
            raise RuntimeError
        assert current().actor_id == alice.pk
        assert current().source_id == source
    assert (inner.actor_id, inner.source_kind, inner.source_id) == (bob.pk, SourceKind.IMPORT, source)
    assert current() is SYSTEM


def test_a_user_of_the_platform_is_an_operator(in_a: Organization):
    with platform_scope(), acting_as(actor=uuid.uuid4()) as acting:
        assert acting.actor_kind == ActorKind.OPERATOR


def test_a_job_acts_for_whoever_started_it(in_a: Organization, alice: User):
    job = Job(kind="crm.anything", actor_id=alice.pk)
    with registry.surrounded(job):
        Tag.objects.create(name="vip")
    entry = AuditEntry.objects.first()
    assert (entry.actor_id, entry.source_kind, entry.source_id) == (alice.pk, SourceKind.JOB, job.pk)


def test_a_request_acts_for_its_user_and_has_an_id(in_a: Organization, alice: User):
    def view(request: HttpRequest) -> HttpResponse:
        Tag.objects.create(name="vip")
        return HttpResponse()

    request: Any = RequestFactory().get("/", headers={"X-Request-ID": "forged"})
    request.user = SimpleLazyObject(lambda: alice)
    response = ActorMiddleware(view)(request)
    entry = AuditEntry.objects.get(kind="crm.tag")
    assert (entry.actor_id, entry.actor_kind) == (alice.pk, ActorKind.USER)
    assert str(entry.request_id) == response["X-Request-ID"] != "forged"
    assert current() is SYSTEM


def test_who_signs_in_during_a_request_acts_from_then_on(in_a: Organization, alice: User):
    def view(request: HttpRequest) -> HttpResponse:
        Tag.objects.create(name="before")
        request.user = alice
        Tag.objects.create(name="after")
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    ActorMiddleware(view)(request)
    after, before = AuditEntry.objects.filter(kind="crm.tag")
    assert (before.actor_id, before.actor_kind) == (None, ActorKind.SYSTEM)
    assert after.actor_id == alice.pk


def test_every_answer_has_an_id_of_its_own(client_a: OrganizationClient):
    first, second = client_a.get("/admin/"), client_a.get("/admin/")
    assert uuid.UUID(first["X-Request-ID"]) != uuid.UUID(second["X-Request-ID"])
