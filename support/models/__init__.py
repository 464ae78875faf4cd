"""What residents ask for, and the texts that tell them whom they can reach."""

from support.models.applications import (
    Application,
    Attachment,
    Change,
    FileKind,
    Message,
)
from support.models.kinds import Attachments, Field, Kind
from support.models.texts import Announcement, AnswerTemplate, BranchNotice, HelpPage

__all__ = [
    "Announcement",
    "AnswerTemplate",
    "Application",
    "Attachment",
    "Attachments",
    "BranchNotice",
    "Change",
    "Field",
    "FileKind",
    "HelpPage",
    "Kind",
    "Message",
]
