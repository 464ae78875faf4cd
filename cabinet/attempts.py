"""One attempt at handing a letter to the mail server, and what is made of the answer."""

import datetime as dt
import logging
import random
import re
from smtplib import SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.translation import gettext_noop as _

from cabinet.models import Letter, State

logger = logging.getLogger(__name__)

# Reasons of ours; all others are the mail server's own words.
WRONG_ADDRESS = _("This is not an e-mail address.")
NOT_MADE = _("The letter could not be made.")
BROKEN_OFF = _("The mail server broke off the connection.")
NOT_REACHED = _("The mail server cannot be reached.")

CLOSING, TOO_LARGE = 421, 552
SIGN_IN_FIRST = (530, 534, 535, 538)  # a fault of our settings, not of the letter
WITH_A_SLASH = re.compile(r"\S*/\S*")
LONGEST = 500


class Verdict(NamedTuple):
    """What an attempt came to.

    One that leaves the letter waiting counts, unless the server took no letters at all; after
    one that `ends_all` there is no sense in trying the next letter at once.
    """

    state: State
    reason: str = ""
    counts: bool = True
    ends_all: bool = False


def attempt(letter: Letter, mail: Any) -> Verdict:
    """Hands the letter over to `mail`, an open connection."""
    try:
        validate_email(letter.recipient)
        sanitize_address(letter.recipient, "utf-8")
    except (ValidationError, ValueError):
        return Verdict(State.REFUSED, WRONG_ADDRESS)
    try:
        mail.send_messages([letter.message()])
    except SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        return judged(code, said)
    except SMTPSenderRefused as error:
        verdict = judged(error.smtp_code, error.smtp_error)
        if error.smtp_code == TOO_LARGE:
            return verdict
        return Verdict(State.WAITING, verdict.reason, counts=False, ends_all=True)
    except SMTPResponseException as error:
        return judged(error.smtp_code, error.smtp_error)
    except OSError:  # all else that smtplib raises, too
        return Verdict(State.WAITING, BROKEN_OFF, ends_all=True)
    except Exception:
        logger.exception("Letter %s could not be made.", letter.pk)
        return Verdict(State.WAITING, NOT_MADE)
    return Verdict(State.SENT)


def unreachable(error: OSError) -> str:
    """Why no connection could be opened."""
    if isinstance(error, SMTPResponseException):
        return _shown(error.smtp_code, error.smtp_error)
    return NOT_REACHED


def judged(code: int, said: bytes | str) -> Verdict:
    """By the server's answer to the recipient or the letter: refused for good, or for now."""
    reason = _shown(code, said)
    if code in SIGN_IN_FIRST:
        return Verdict(State.WAITING, reason, counts=False, ends_all=True)
    if code >= 500:
        return Verdict(State.REFUSED, reason)
    return Verdict(State.WAITING, reason, ends_all=code == CLOSING)


def _shown(code: int, said: bytes | str) -> str:
    """The answer for staff to read, without links: it may quote those of the letter."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    words = WITH_A_SLASH.sub("…", text.replace("\0", "")).split()
    return " ".join([str(code), *words])[:LONGEST]


def pause(first: dt.timedelta, times: int, longest: dt.timedelta) -> dt.timedelta:
    """Doubled each time up to the longest, give or take half, so that not all come at once."""
    doubled = min(first * 2 ** min(times, 30), longest)
    return doubled * random.uniform(0.5, 1.5)  # noqa: S311 - nothing to guess
