"""What applicants are written about their applications, in their language."""

from collections.abc import Callable

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cabinet import days, outbox
from cabinet.letters import Content
from cabinet.links import absolute
from support.models import Application, Message

MOST_QUOTED = 1500  # letters of a message


def tell(what: str, application: Application, message: Message | None = None) -> None:
    """Puts the letter about a step into the outbox, in the transaction under way."""
    user = application.user
    with translation.override(user.language):
        subject, sentence = WORDS[what](application)
        outbox.post(
            user.email,
            "application",
            user.language,
            Content(
                subject=subject,
                paragraphs=[sentence, *_quoted(message)],
                facts=_facts(application),
                button=(_("Open the application"), address(application)),
            ),
        )


def address(application: Application) -> str:
    return absolute(reverse("support:application", args=[application.number]))


def _quoted(message: Message | None) -> list[str]:
    """What staff wrote, paragraph by paragraph."""
    if message is None or not message.by_staff:
        return []
    text = message.text
    if len(text) > MOST_QUOTED:
        text = text[:MOST_QUOTED].rsplit(" ", 1)[0] + " …"
    return [part for part in text.split("\n\n") if part.strip()]


def _facts(application: Application) -> list[tuple[str, str]]:
    facts = [
        (_("Number of the application"), str(application.number)),
        (_("What about"), str(application.kind)),
        (_("State"), str(application.get_state_display())),
    ]
    if application.is_open and application.due_on:
        facts.append((_("To be answered by"), days.day(application.due_on)))
    return facts


def _about(application: Application, told: str) -> str:
    return _("Application %(number)s: %(told)s") % {"number": application.number, "told": told}


Words = tuple[str, str]
WORDS: dict[str, Callable[[Application], Words]] = {
    "registered": lambda each: (
        _about(each, pgettext("application", "registered")),
        _("Your application has been registered. You will be answered by the day below."),
    ),
    "take": lambda each: (
        _about(each, _("in progress")),
        _("Your application is being worked on."),
    ),
    "ask": lambda each: (
        _about(each, _("a question to you")),
        _("The supplier asks you something. Until you answer, the days to answer do not run."),
    ),
    "go_on": lambda each: (
        _about(each, _("in progress")),
        _("Your application is being worked on again; you need not answer any more."),
    ),
    "finish": lambda each: (
        _about(each, _("done")),
        _("Your application has been answered. Please say whether it is solved."),
    ),
    "decline": lambda each: (
        _about(each, _("declined")),
        _("Your application has been declined. If you do not agree, reopen it once."),
    ),
    "reopen": lambda each: (
        _about(each, _("reopened")),
        _("Your application is open again. You will be answered by the day below."),
    ),
    "withdraw": lambda each: (
        _about(each, _("withdrawn")),
        _("You have withdrawn your application; nothing more is done about it."),
    ),
    "written": lambda each: (
        _about(each, _("a message")),
        _("The supplier has written to you."),
    ),
    "kind": lambda each: (
        _about(each, _("another kind")),
        _("Your application was filed under another kind; the days to answer are below."),
    ),
    "merged": lambda each: (
        _about(each, _("goes on in another one")),
        _("You have filed this twice; it goes on in the application %(number)s.")
        % {"number": each.merged_into.number if each.merged_into else ""},
    ),
}
