"""Tests of support never write to the cabinet's own folder of attachments."""

import pytest


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Where attachments are kept during the test; it does not exist before the first of them."""
    settings.ATTACHMENTS_FOLDER = tmp_path / "var" / "attachments"
    return settings.ATTACHMENTS_FOLDER
