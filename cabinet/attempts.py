"""One attempt at handing a letter to the mail server, and what is made of the answer."""

import datetime as dt
import logging
import random
import re
from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.db import Error
from django.utils import translation
from django.utils.translation import gettext_noop as _

from cabinet.letters import MAKERS, Attachment, Made, rendered
from cabinet.models import Letter, State

logger = logging.getLogger(__name__)

# Reasons of ours; all others are the mail server's own words.
UNWANTED = _("Whoever it was for no longer wants it.")
WRONG_ADDRESS = _("This is not an e-mail address.")
NOT_MADE = _("The letter could not be made.")
BROKEN_OFF = _("The mail server broke off the connection.")
NOT_REACHED = _("The mail server cannot be reached.")

CLOSING, TOO_LARGE = 421, 552
SIGN_IN_FIRST = (530, 534, 535, 538)  # a fault of our settings, not of the letter
ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463
OF_MAILBOX = re.compile(r"^5\.(1\.\d+|2\.1)\b")  # no such mailbox, or it is closed
NO_MAILBOX = (550, 551, 553)  # what servers without such codes say of one
SLOWER = re.compile(r"^4\.(7\.\d+|3\.2|4\.5|5\.3)\b")  # too much at once
WITH_A_SLASH = re.compile(r"\S*/\S*")
LONGEST = 500


class Verdict(NamedTuple):
    """What an attempt came to.

    One that leaves the letter waiting counts, unless the server took no letters at all; after
    one that `ends_all` there is no sense in trying the next letter at once. `no_mailbox`: there
    is none of that address; `slower`: the server wants fewer letters at once.
    """

    state: State
    reason: str = ""
    counts: bool = True
    ends_all: bool = False
    no_mailbox: bool = False
    slower: bool = False


def attempt(letter: Letter, mail: Any) -> Verdict:
    """Makes the letter, if that is still to be done, and hands it over to `mail`, an open
    connection. Raises the database's own errors, of which nothing counts.
    """
    attachments: Sequence[Attachment] = ()
    if letter.kind in MAKERS:
        try:
            made = MAKERS[letter.kind](letter)
            if made is None:
                return Verdict(State.WITHDRAWN, UNWANTED)
            put_into(letter, made)
            if not made.wanted():
                return Verdict(State.WITHDRAWN, UNWANTED)
        except Error:
            raise
        except Exception:
            return _not_made(letter)
        attachments = made.attachments
    return _hand_over(letter, attachments, mail)


def put_into(letter: Letter, made: Made) -> None:
    """Gives the letter its words and its receiver; they are not saved."""
    with translation.override(made.language):
        letter.text, letter.html = rendered(made.content)
    letter.subject = " ".join(made.content.subject.split())
    letter.recipient, letter.language = made.recipient, made.language
    letter.headers = {**letter.headers, **made.headers}


def _not_made(letter: Letter) -> Verdict:
    logger.exception("Letter %s could not be made.", letter.pk)
    return Verdict(State.WAITING, NOT_MADE)


def _hand_over(letter: Letter, attachments: Sequence[Attachment], mail: Any) -> Verdict:
    try:
        validate_email(letter.recipient)
        sanitize_address(letter.recipient, "utf-8")
    except (ValidationError, ValueError):
        return Verdict(State.REFUSED, WRONG_ADDRESS, no_mailbox=True)
    try:
        mail.send_messages([letter.message(attachments)])
    except SMTPRecipientsRefused as error:
        [(code, said)] = error.recipients.values()
        return judged(code, said)._replace(no_mailbox=_is_no_mailbox(code, said))
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
        return _not_made(letter)
    return Verdict(State.SENT)


def _is_no_mailbox(code: int, said: bytes | str) -> bool:
    """Whether a refusal of a receiver is about the mailbox, and not about us or what we send."""
    if code < 500:
        return False
    text = _text(said)
    return bool(OF_MAILBOX.match(text)) if ENHANCED.match(text) else code in NO_MAILBOX


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
    return Verdict(
        State.WAITING, reason, ends_all=code == CLOSING, slower=bool(SLOWER.match(_text(said)))
    )


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _shown(code: int, said: bytes | str) -> str:
    """The answer for staff to read, without links: it may quote those of the letter."""
    words = WITH_A_SLASH.sub("…", _text(said).replace("\0", "")).split()
    return " ".join([str(code), *words])[:LONGEST]


def pause(first: dt.timedelta, times: int, longest: dt.timedelta) -> dt.timedelta:
    """Doubled each time up to the longest, give or take half, so that not all come at once."""
    doubled = min(first * 2 ** min(times, 30), longest)
    return doubled * random.uniform(0.5, 1.5)  # noqa: S311 - nothing to guess
