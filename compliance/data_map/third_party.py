"""What the columns of other people's apps hold about people."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django_q.models import OrmQ, Schedule, Task

from tenants.personal_data import Category, Erasure, Personal, Purpose, declare, exempt, technical

exempt(ContentType, "Names of models of the program.")
exempt(Permission, "Names of permissions of the program.")
exempt(Group, "Not used: roles are Role; no row is ever written.")
exempt(Group.permissions.through, "Not used: roles are Role; no row is ever written.")
exempt(LogEntry, "Never written: the audit trail is the history.")
exempt(OrmQ, "A signed message with a schema's name and a job's id; removed when it is taken.")
exempt(Task, "A schema's name, a job's id and whether it ran; successes are not kept.")
exempt(Schedule, "The program's own timetable.")

declare(
    Session,
    {
        **technical("expire_date"),
        "session_key": Personal(Category.CREDENTIAL, (Purpose.ACCOUNT,), Erasure.DELETE),
        "session_data": Personal(
            Category.ACTIVITY,
            (Purpose.ACCOUNT,),
            Erasure.DELETE,
            keys=("_auth_user_id", "_auth_user_backend", "_auth_user_hash"),
        ),
    },
)
