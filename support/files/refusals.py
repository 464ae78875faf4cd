"""Why a file is not taken, in the reader's language."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

REASONS = {
    "empty": _("The file is empty: choose another one."),
    "large": _("The file is larger than %(megabytes)s MB: send a smaller one."),
    "many": _("No more than %(count)s files can be attached at once."),
    "quota": _(
        "All your files together may take up %(megabytes)s MB, and this one goes beyond it."
    ),
    "kind": _("Only a PDF, JPEG, PNG or HEIC can be attached, and this file is none of them."),
    "pixels": _(
        "The picture is too large: it may have %(megapixels)s megapixels"
        " and be %(side)s pixels wide or high. Make it smaller and send it again."
    ),
    "large_picture": _(
        "The picture has too many details to be kept: make it smaller and send it again."
    ),
    "broken_picture": _("The picture is damaged: take or save it anew and send it again."),
    "broken_pdf": _(
        "The PDF is damaged or did not come to its end: save it anew and send it again."
    ),
    "mixed_pdf": _("There is something else besides the PDF in the file: save it as a PDF anew."),
    "protected_pdf": _(
        "The PDF is protected, and we cannot open it: save it without protection,"
        " or send a picture of it."
    ),
    "infected": _("There is malware in the file: it was not taken."),
    "unchecked": _(
        "Files cannot be checked for malware at the moment: send it again in a few minutes."
    ),
    "busy": _("Very many pictures are being sent at the moment: send it again in a minute."),
    "no_room": _(
        "The file could not be kept, and it is not your fault: our disk is full."
        " Send it again later."
    ),
    "gone": _("The application was sent or deleted meanwhile: look at it as it is now."),
}


class Refused(ValidationError):
    """The file is not taken, and nothing of it stays; `code` is a key of REASONS."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(REASONS[code], code=code, params=details)


@contextmanager
def full_disks_told() -> Iterator[None]:
    """Raises Refused where a disk is found full."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Refused("no_room") from error
