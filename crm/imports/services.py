"""Preparing, starting and stopping imports. The only writers of :class:`Import` beside the job itself."""

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import File as StoredFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from crm.imports import mapping as mappings
from crm.imports import reader, rules, running
from crm.imports.kinds import record_kind
from crm.imports.models import Import, ImportState
from crm.imports.rules import Rules
from crm.imports.shape import File, FileShape, UnreadableFile
from crm.imports.targets import KIND_LABELS
from tenants.errors import DomainError
from tenants.jobs import services as jobs
from tenants.jobs.models import Job

if TYPE_CHECKING:
    from tenants.accounts.models import User

FOLDER = "imports/"


class ImportRefused(DomainError):
    code = "import_refused"


class NotAllowed(DomainError):
    code = "not_allowed"
    message = _("Your role does not allow to import records of this kind. Ask an owner of the organisation.")


def require_permission(kind: str, actor: "User | None") -> None:
    """Raises :class:`NotAllowed`. No actor is a command on the server."""
    permission = record_kind(kind).permission
    if actor is not None and not actor.has_perm(permission):
        raise NotAllowed


def create_draft(*, kind: str, file: File, file_name: str, actor: "User | None") -> Import:
    """Look at a file, keep it encrypted, and propose a mapping and rules.

    Raises :class:`~crm.imports.shape.UnreadableFile`; then nothing is kept.
    """
    require_permission(kind, actor)
    size = file.seek(0, 2)
    if size > settings.IMPORT_MAX_BYTES:
        raise UnreadableFile(
            _("The file is larger than %(limit)s. Split it and import the parts.")
            % {"limit": filesizeformat(settings.IMPORT_MAX_BYTES)}
        )
    shape = reader.inspect(file)
    file.seek(0)
    item = Import(
        kind=kind,
        file_name=file_name[-255:],
        file_bytes=size,
        shape=shape.as_json(),
        mapping=mappings.auto_map(shape.header, kind),
        rules=rules.checked(kind).as_json(),
        created_by_id=actor.pk if actor else None,
    )
    item.file = default_storage.save(f"{FOLDER}file", StoredFile(file))
    try:
        item.save(force_insert=True)
    except BaseException:
        default_storage.delete(item.file)
        raise
    return item


def set_mapping(*, item: Import, mapping: dict[str, Any], actor: "User | None") -> Import:
    """Say which column goes where; raises :class:`~crm.imports.mapping.InvalidMapping`."""
    _require_draft(item, actor)
    item.mapping = mappings.checked(mapping, shape_of(item).header, item.kind)
    item.dry_run = {}
    item.save(update_fields=["mapping", "dry_run"])
    return item


def set_rules(*, item: Import, chosen: Rules, actor: "User | None") -> Import:
    """Decide what rows and records do to each other (made by ``rules.checked``)."""
    _require_draft(item, actor)
    item.rules = chosen.as_json()
    item.dry_run = {}
    item.save(update_fields=["rules", "dry_run"])
    return item


def dry_run(*, item: Import, actor: "User | None") -> dict[str, Any]:
    """Go through the file without writing records; keeps and returns what would happen."""
    _require_draft(item, actor)
    setup = checked_setup(item)
    with open_file(item) as file:
        found = running.rehearse(file, setup)
    result = found.as_json()
    item.dry_run = result
    item.save(update_fields=["dry_run"])
    return result


def start_dry_run(*, item: Import, actor: "User | None") -> Job:
    """The same in the background, for files that take longer than a page may."""
    _require_draft(item, actor)
    checked_setup(item)
    with transaction.atomic():
        job = jobs.enqueue("crm.imports.dry_run", actor=actor, title=_("Dry run"), import_id=item.pk)
        item.job_id, item.dry_run = job.pk, {}
        item.save(update_fields=["job_id", "dry_run"])
    return job


def start(*, item: Import, actor: "User | None") -> Job:
    """Import the file in the background. A second call is refused."""
    require_permission(item.kind, actor)
    checked_setup(item)
    title = _("Import: %(kind)s") % {"kind": KIND_LABELS[item.kind]}
    with transaction.atomic():
        job = jobs.enqueue("crm.imports.run", actor=actor, title=title, import_id=item.pk)
        claimed = Import.objects.filter(pk=item.pk, state=ImportState.DRAFT)
        if not claimed.update(state=ImportState.QUEUED, job_id=job.pk):
            raise ImportRefused(_("This import was started already: look at its result."))
    item.refresh_from_db()
    return job


def cancel(*, item: Import, actor: "User | None") -> None:
    """Stop after the current chunk. What was imported stays, and the import can be continued."""
    require_permission(item.kind, actor)
    job = jobs.cancel(job=_job_of(item), actor=actor)
    if job.has_ended:
        Import.objects.filter(pk=item.pk, state=ImportState.QUEUED).update(
            state=ImportState.CANCELLED, finished_at=job.finished_at
        )


def resume(*, item: Import, actor: "User | None") -> Job:
    """Go on behind the last row that was stored."""
    require_permission(item.kind, actor)
    with transaction.atomic():
        job = jobs.resume(job=_job_of(item), actor=actor)
        Import.objects.filter(pk=item.pk).update(state=ImportState.QUEUED, finished_at=None)
    return job


def discard(*, item: Import, actor: "User | None") -> None:
    """Throw a draft and its file away."""
    _require_draft(item, actor)
    with transaction.atomic():
        item.delete()
        transaction.on_commit(lambda: default_storage.delete(item.file))


def shape_of(item: Import) -> FileShape:
    return FileShape.from_json(item.shape)


def checked_setup(item: Import) -> running.Setup:
    """What decides the import, checked anew; raises :class:`~crm.imports.mapping.InvalidMapping`."""
    shape = shape_of(item)
    mapping = mappings.checked(item.mapping, shape.header, item.kind)
    return running.Setup(item.kind, shape, mapping, Rules.from_json(item.rules))


def open_file(item: Import) -> Any:
    """The stored file as a context manager, decrypted while it is read."""
    return default_storage.open(item.file, "rb")


def _require_draft(item: Import, actor: "User | None") -> None:
    require_permission(item.kind, actor)
    if item.state != ImportState.DRAFT:
        raise ImportRefused(_("This import was started already and cannot be changed any more."))


def _job_of(item: Import) -> Job:
    job = Job.objects.filter(pk=item.job_id or uuid.UUID(int=0)).first()
    if job is None:
        raise ImportRefused(_("This import has not been started."))
    return job
