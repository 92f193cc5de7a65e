"""Keys of rows: UUID version 7 (RFC 9562), made here and not in the database.

They are known before the insert (encryption binds a value to its row, COPY needs them) and ordered by time,
so that "newest first" is an index walk.
"""

import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A new time-ordered UUID of the standard library's type."""
    return _uuid7()
