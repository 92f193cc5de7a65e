"""What the product refuses on purpose, as opposed to what breaks."""

from typing import Any


class DomainError(Exception):
    """An expected refusal. ``message`` is safe to show to anybody (no personal value) and says what to do.

    Subclasses stand beside whoever raises them and set ``code`` (stable, for APIs) and ``message``.
    """

    code = "refused"
    message: Any = "This cannot be done."

    def __init__(self, message: Any = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)
