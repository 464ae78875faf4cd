"""What is owed: billing's data, their exchange, and who holds which personal account."""

from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cabinet import jinja


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Templates may ask for a page's frame and a plan's name; users for what billing has."""
        from accounts import audit, export, kept_input, passwords, staff
        from billing import frame, holding_admin, holding_forms, import_jobs, limits, own_data
        from billing.models import Branch, Supplier
        from billing.models.columns import Plan
        from cabinet import letters, pruning

        jinja.GLOBALS.update(
            menu=frame.menu, issuer=Supplier.objects.issuer, information=frame.information
        )
        audit.ACTIONS.update(ACTIONS)
        audit.DETAILS.update(DETAILS)
        letters.KINDS.update(LETTERS)
        kept_input.FORMS.update(holding_forms.KEPT)
        kept_input.FORMS.update(holding_admin.KEPT)
        pruning.OLD["uploaded sets"] = import_jobs.old
        pruning.OLD["tries at adding accounts"] = limits.old
        staff.UNLOCKS.append(limits.unlock)
        staff.BRANCHES.append(Branch.objects.choices)
        staff.USER_PARTS.append(holding_admin.of_user)
        export.PARTS.append(own_data.tables)
        passwords.CONTEXT.append(Supplier.objects.names_of_issuer)
        jinja.FILTERS["plan"] = lambda code: str(Plan(code).label)


# What the audit log calls what is done here, and looked at.
ACTIONS = {
    "accounts_searched": _("searched for accounts"),
    "looked_at_account": _("looked at an account"),
    "looked_at_month": _("looked at a month of an account"),
    "differences_listed": _("looked at the list of differing charges"),
    "account_added": _("added an account"),
    "account_add_refused": _("was refused at adding an account"),
    "account_removed": _("removed an account"),
    "account_linked": _("linked an account to a user"),
    "account_unlinked": _("unlinked an account from a user"),
    "account_named": _("gave an account a name of the own"),
    "account_suspended": _("suspended a link to an account"),
    "import_asked": _("asked for a set to be loaded"),
    "account_slowed": _("slowed tries at adding an account"),
    "import_uploaded": _("uploaded a set"),
    "import_checked": _("had a set checked"),
    "import_loaded": _("had a set loaded"),
    "import_refused": _("had a set refused because of rows"),
    "import_failed": _("had an import broken off"),
    "looked_at_import_report": _("looked at bad rows of an import"),
}
DETAILS: dict[str, str | Promise] = {
    "set": _("set"),
    "sha256": "SHA-256",
    "file": _("file"),
    "month": _("month"),
    "number": _("number"),
}

# The kinds of `billing.holding_letters`, as staff see them.
LETTERS = {
    "holder_joined": _("one more holder of an account"),
    "account_linked": _("account linked by staff"),
    "account_unlinked": _("account unlinked by staff"),
    "account_slowed": _("many tries at adding an account"),
    "account_suspended": _("payer of an account changed"),
}
