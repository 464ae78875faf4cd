"""What of documents and letters staff see in the admin."""

from receipts import mailing_admin  # noqa: F401 - what is registered by being imported
