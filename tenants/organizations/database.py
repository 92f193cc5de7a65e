"""The database's own furniture: roles, the schema of extensions, and who may use what."""

from typing import Any

from psycopg import sql

from tenants.database import connection
from tenants.scope import PUBLIC, role_mode

EXTENSIONS_SCHEMA = "extensions"
PUBLIC_BELONGS_TO_DATABASE_OWNER = """
    SELECT 1 FROM pg_namespace, pg_database
    WHERE nspname = 'public' AND nspowner = 'pg_database_owner'::regrole
      AND datname = current_database() AND pg_get_userbyid(datdba)::text = session_user
"""
# Tables that a schema's role may add to and read, and never change.
APPEND_ONLY_TABLES = ("compliance_auditentry",)


def role_of(schema_name: str) -> str:
    """The database role of a schema (or of ``owner``)."""
    return str(connection.role_name(schema_name))


def _run(cursor: Any, statement: str, **names: str) -> None:
    parts = {key: sql.Identifier(value) for key, value in names.items()}
    cursor.execute(sql.SQL(statement).format(**parts).as_string(connection.connection))


def prepare_roles() -> None:
    """Make the owner's and the platform's role and the schema of extensions, where they are missing.

    The login role needs CREATEROLE and CREATE on the database, or the roles must exist already.
    """
    owner, platform = role_of("owner"), role_of(PUBLIC)
    with role_mode("login"), connection.cursor() as cursor:
        for role, attributes in ((owner, "CREATEROLE"), (platform, "")):
            create_role(cursor, role, attributes)
        database = str(connection.settings_dict["NAME"])
        _run(cursor, "GRANT CREATE ON DATABASE {database} TO {owner}", database=database, owner=owner)
        _run(cursor, f"CREATE SCHEMA IF NOT EXISTS {EXTENSIONS_SCHEMA}")
        _run(cursor, f"CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA {EXTENSIONS_SCHEMA}")
        _run(cursor, f"GRANT USAGE ON SCHEMA {EXTENSIONS_SCHEMA} TO PUBLIC")
        cursor.execute(PUBLIC_BELONGS_TO_DATABASE_OWNER)
        if cursor.fetchone():
            # A login that inherits nothing may give rights away as that role only.
            cursor.execute("SET ROLE pg_database_owner")
        _run(cursor, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        _run(cursor, "GRANT ALL ON SCHEMA public TO {owner}", owner=owner)
        _run(cursor, "GRANT USAGE ON SCHEMA public TO {platform}", platform=platform)


def create_role(cursor: Any, role: str, attributes: str = "") -> None:
    """Make a role that the login role may switch to and inherits nothing from; does nothing if it is there.

    LOGIN is for sharded installations, whose coordinator logs in to its workers as the role; it has no
    password, and the server's host rules refuse it from outside.
    """
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        _run(cursor, f"CREATE ROLE {{role}} LOGIN NOINHERIT {attributes}", role=role)
    login = str(connection.settings_dict["USER"] or "")
    if not login:
        cursor.execute("SELECT session_user")
        login = cursor.fetchone()[0]
    if int(connection.pg_version) >= 160000:
        _run(cursor, "GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE", role=role, login=login)
    else:
        _run(cursor, "GRANT {role} TO {login}", role=role, login=login)


def grant_schema(cursor: Any, schema_name: str) -> None:
    """Let a schema's role use the tables that its schema holds now. Run it after every change of tables."""
    role = role_of(schema_name)
    names = {"schema": schema_name, "role": role}
    _run(cursor, "GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
    _run(cursor, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}", **names)
    _run(cursor, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}", **names)
    for table in APPEND_ONLY_TABLES:
        _run(cursor, "REVOKE UPDATE, DELETE ON {schema}.{table} FROM {role}", table=table, **names)


def drop_schema_and_role(schema_name: str) -> None:
    """Remove a schema with everything in it, and its role."""
    with role_mode("owner"), connection.cursor() as cursor:
        _run(cursor, "DROP SCHEMA IF EXISTS {schema} CASCADE", schema=schema_name)
        _run(cursor, "DROP ROLE IF EXISTS {role}", role=role_of(schema_name))
