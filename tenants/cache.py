"""The cache keeps organisations apart by the key: the schema is part of every one."""

from tenants.scope import current_schema


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's ``KEY_FUNCTION``."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"
