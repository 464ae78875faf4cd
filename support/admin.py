"""What support staff see and edit of this app."""

from support import (  # noqa: F401 - registered by being imported
    kind_admin,
    queue_admin,
    text_admin,
)
