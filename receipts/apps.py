"""What is printed: statements, receipts and their proof."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceiptsConfig(AppConfig):
    name = "receipts"
    verbose_name = _("Documents")

    def ready(self) -> None:
        """Letters of subscriptions are made here; they end with what they stand on."""
        from accounts import audit, events, export, kept_input
        from billing import holdings
        from billing import staff as accounts_staff
        from billing.exchange import load
        from billing.proofs import CODES
        from cabinet import letters, worker
        from receipts import (
            deliveries,
            notices,
            own_data,
            proofs,
            staff,
            subscription_forms,
            subscriptions,
        )

        audit.ACTIONS.update(ACTIONS)
        audit.WORDS.update(WORDS)
        audit.DETAILS.update(DETAILS)
        kept_input.FORMS.update(subscription_forms.KEPT)
        CODES.append(proofs.is_code_of)
        letters.KINDS.update(LETTERS)
        letters.MAKERS.update(notices.MAKERS)
        letters.TOLD.update(dict.fromkeys(notices.MAKERS, notices.note))
        load.FOLLOWS.append(deliveries.follow_import)
        worker.DUTIES.append(deliveries.remind)
        accounts_staff.ACCOUNT_PARTS.append(staff.of_account)
        export.PARTS.append(own_data.tables)
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
    "data_exported": _("handed over to billing what residents chose"),
}
DETAILS = {
    "mailing": _("number of the mailing"),
    "letters": _("letters"),
    "since": _("since when"),
    "until": _("number of the last change"),
    "rows": _("rows"),
    "run_by": _("run by"),
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
