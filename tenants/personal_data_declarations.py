"""What the kernel's own columns hold about people."""

from tenants.accounts.attempts import SignInFailures
from tenants.accounts.models import Role, User
from tenants.jobs.kicks import JobKick
from tenants.jobs.models import Job
from tenants.organizations.models import Domain, Organization, SchemaBlueprint, SchemaChange
from tenants.personal_data import (
    Category,
    Erasure,
    Exempt,
    Personal,
    Purpose,
    declare,
    exempt,
    searchable,
    technical,
)

_ACCOUNT = (Purpose.ACCOUNT,)

declare(
    User,
    {
        **technical("id", "is_active", "is_superuser", "created_at"),
        "name": Personal(Category.IDENTITY, _ACCOUNT, Erasure.DELETE, portable=True),
        **searchable("email", Personal(Category.CONTACT, _ACCOUNT, Erasure.DELETE, portable=True)),
        "password": Personal(Category.CREDENTIAL, _ACCOUNT, Erasure.DELETE),
        "language": Personal(Category.PREFERENCE, _ACCOUNT, Erasure.DELETE, portable=True),
        "last_login": Personal(Category.ACTIVITY, (Purpose.ACCOUNT, Purpose.SECURITY), Erasure.DELETE),
    },
)
declare(
    User.roles.through,
    {
        **technical("id", "role"),
        "user": Personal(Category.ACTIVITY, _ACCOUNT, Erasure.DELETE),
    },
)
exempt(Role, "A role names a set of permissions of the program, no person.")

declare(
    SignInFailures,
    {
        **technical("count", "started_at", "locked_until"),
        # A keyed digest of an account and a network address.
        "key": Personal(Category.ACTIVITY, (Purpose.SECURITY,), Erasure.DELETE),
    },
)

declare(
    Job,
    {
        **technical("id", "kind", "state", "done", "total", "attempts", "cancel_requested"),
        **technical("error_reference", "lease_token", "lease_expires_at", "heartbeat_at"),
        **technical("created_at", "started_at", "finished_at"),
        "title": Exempt("Written by the program; a title names a kind of work and never a person."),
        "arguments": Exempt("Ids and options only: enqueueing refuses what looks like an address."),
        "checkpoint": Exempt("Ids and counts only: checkpointing refuses what looks like an address."),
        "result": Exempt("Ids and counts only."),
        "message": Exempt("A step of the work, written by the program."),
        "error": Exempt("The kind of an error and a sentence of the program, never an exception's message."),
        "actor_id": Personal(Category.ACTIVITY, (Purpose.OPERATION,), Erasure.CLEAR),
    },
)
exempt(JobKick, "A job's id and the schema that it is in.")

declare(
    Organization,
    {
        **technical("id", "schema_name", "state", "schema_version", "created_at"),
        **dict.fromkeys(
            ("name", "slug"),
            Exempt("The name of a customer of the platform: an organisation, no person."),
        ),
        **dict.fromkeys(
            ("timezone", "language", "country", "currency", "hue"),
            Exempt("A setting of an organisation."),
        ),
    },
)
declare(
    Domain,
    {
        **technical("id", "tenant", "is_primary"),
        "domain": Exempt("The host name of an organisation."),
    },
)
exempt(SchemaBlueprint, "Statements that build a schema, made from the program's migrations.")
exempt(SchemaChange, "Statements that change a schema, made from the program's migrations.")
