"""What is printed: statements, receipts and their proof."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceiptsConfig(AppConfig):
    name = "receipts"
    verbose_name = _("Documents")

    def ready(self) -> None:
        """Letters of subscriptions are made here; they end with what they stand on."""
        from accounts import audit, events
        from billing import holdings
        from billing.exchange import load
        from billing.proofs import CODES
        from cabinet import letters, worker
        from receipts import deliveries, notices, proofs, subscriptions

        audit.ACTIONS.update(ACTIONS)
        audit.WORDS.update(WORDS)
        CODES.append(proofs.is_code_of)
        letters.KINDS.update(LETTERS)
        letters.MAKERS.update(notices.MAKERS)
        letters.TOLD.update(dict.fromkeys(notices.MAKERS, notices.note))
        load.FOLLOWS.append(deliveries.follow_import)
        worker.DUTIES.append(deliveries.remind)
        holdings.ENDED.append(subscriptions.end_with)
        events.LEAVING.append(subscriptions.end_of)
        events.MOVED.append(subscriptions.move)


# What the audit log calls what is done here, and looked at.
ACTIONS = {
    "looked_at_statement": _("opened a statement"),
    "looked_at_receipt": _("opened a receipt"),
    "subscription_changed": _("changed what comes by e-mail"),
    "unsubscribed_asked": _("unsubscribed by a link in a letter"),
    "unsubscribe_undo_asked": _("took an unsubscription by a link back"),
    "mailing_paused": _("paused a mailing"),
    "mailing_resumed": _("resumed a mailing"),
    "mailing_retried": _("had failed letters of a mailing sent anew"),
    "mailings_listed": _("looked at the list of mailings"),
    "looked_at_mailing": _("looked at a mailing"),
    "receipt_sent_again": _("had an e-receipt sent again"),
}
WORDS = {
    "receipts": _("e-receipts"),
    "reminders": _("reminders before the day of payment"),
    "payments": _("word of each payment received"),
    "form": _("size of type"),
    "attached": _("the PDF is attached"),
    "paper": _("the paper receipt comes too"),
}

# The kinds of `receipts.notices`, as staff see them.
LETTERS = {
    "receipt": _("e-receipt"),
    "reminder": _("reminder before the day of payment"),
    "payment": _("word of payments received"),
    "subscription": _("subscription changed"),
}
