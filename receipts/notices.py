"""The letters that a subscription brings, made when they are sent: an e-receipt, a reminder before
the day of payment, word of payments received.

Of an account they tell its last digits alone, but for the PDF; each has a link that ends its kind
without a sign-in, for mail programs too (RFC 8058).
"""

import datetime as dt

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation

from billing import issued
from billing.issued import Issued
from billing.models import PersonalAccount
from cabinet.attempts import Verdict
from cabinet.letters import Attachment, Content, Made
from cabinet.models import Letter, State
from receipts import notice_words, papers, subscriptions
from receipts.deliveries import NOTICE, PAYMENT, RECEIPT, REMINDER
from receipts.models import Delivery, PaperLanguage, Subscription
from receipts.paper_forms import PaperForm


def receipt(letter: Letter) -> Made | None:
    """The month's receipt, with the PDF or with a link alone."""
    if not (delivery := _wanted(letter)):
        return None
    subscription, account = delivery.subscription, delivery.subscription.account
    bill = _bill(account, delivery.month)
    if bill is None:  # billing has withdrawn it
        return None
    attached = subscription.attached and not settings.RECEIPTS_BY_LINK_ONLY
    with translation.override(_language(subscription)):
        attachments = [_pdf(subscription, bill)] if attached else []
        content = notice_words.of_receipt(delivery, bill, attached)
    return _made(letter, delivery, content, attachments)


def reminder(letter: Letter) -> Made | None:
    """That a receipt is still to be paid, unless it has been since."""
    if not (delivery := _wanted(letter)):
        return None
    bill = _bill(delivery.subscription.account, delivery.month)
    if bill is None or not bill.left or bill.due_on < timezone.localdate():
        return None
    with translation.override(_language(delivery.subscription)):
        return _made(letter, delivery, notice_words.of_reminder(delivery, bill))


def payment(letter: Letter) -> Made | None:
    """Which payments were received."""
    if not (delivery := _wanted(letter)):
        return None
    with translation.override(_language(delivery.subscription)):
        content = notice_words.of_payment(delivery)
    return _made(letter, delivery, content) if content else None


MAKERS = {RECEIPT: receipt, REMINDER: reminder, PAYMENT: payment}


def note(letter: Letter, verdict: Verdict) -> None:
    """There is no such mailbox: its user is told in the cabinet, and gets nothing more there."""
    if verdict.no_mailbox and verdict.state == State.REFUSED:
        delivery = Delivery.objects.select_related("subscription").filter(pk=letter.pk).first()
        if delivery:
            subscriptions.refuse(delivery.subscription, letter.recipient, verdict.reason)


def _wanted(letter: Letter) -> Delivery | None:
    """The delivery, while it is wanted."""
    found = _while_wanted(letter)
    return found.select_related("subscription__user", "subscription__account").first()


def _while_wanted(letter: Letter) -> QuerySet[Delivery]:
    """It, while its subscription brings such letters, and no later one does instead."""
    wanted = Subscription.objects.in_force().filter(
        pk=OuterRef("subscription"), **{NOTICE[letter.kind]: True}
    )
    later = Delivery.objects.filter(
        subscription=OuterRef("subscription"),
        letter__kind=RECEIPT,
        month__gte=OuterRef("month"),
        pk__gt=OuterRef("pk"),
    )
    found = Delivery.objects.filter(Exists(wanted), pk=letter.pk)
    if letter.kind == RECEIPT:
        found = found.exclude(Exists(later))
    return found


def _made(
    letter: Letter,
    delivery: Delivery,
    content: Content,
    attachments: list[Attachment] | None = None,
) -> Made:
    end = notice_words.unsubscribe_address(delivery.subscription, NOTICE[letter.kind])
    return Made(
        delivery.subscription.user.email,
        _language(delivery.subscription),
        content,
        {"List-Unsubscribe": f"<{end}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        attachments or [],
        lambda: _while_wanted(letter).exists(),
    )


def _language(subscription: Subscription) -> str:
    """That of the receipt, where it is one; else the user's."""
    if subscription.language == PaperLanguage.BOTH:
        return str(subscription.user.language)
    return str(subscription.language)


def _bill(account: PersonalAccount, month: dt.date | None) -> Issued | None:
    return next((each for each in issued.of_account(account) if each.month == month), None)


def _pdf(subscription: Subscription, bill: Issued) -> Attachment:
    """The same bytes as in the cabinet."""
    # Loaded by who makes papers alone: WeasyPrint takes half a second, and 30 MB.
    from receipts.receipt_views import document

    form = PaperForm({"lang": subscription.language, "form": subscription.form})
    form.full_clean()
    paper = papers.of_month(subscription.account, bill.month)
    if paper is None:
        raise LookupError(f"there is no receipt of {bill.month}")
    made = document(paper, form, "front")
    return Attachment(made.filename, made.make(), "application/pdf")


def last_sent(subscription: Subscription) -> Delivery | None:
    """The latest e-receipt that went out by it, with its letter."""
    if not subscription.pk:
        return None
    sent = subscription.deliveries.filter(letter__kind=RECEIPT, letter__state=State.SENT)
    return sent.select_related("letter").order_by("-letter_id").first()
