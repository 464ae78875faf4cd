"""Who no longer sees an account, since a set says that its payer has changed."""

from accounts import audit
from billing import holding_letters, holdings
from billing.models import Holding

# Of the accounts whose payer has changed, the links that were in force until now.
_SUSPENDED = """
    SELECT h.* FROM delta_accounts d JOIN billing_holding h ON h.account_id = d.id
    WHERE d.owner_since > d.old_owner_since
    AND h.since_day >= d.old_owner_since AND h.since_day < d.owner_since
    ORDER BY h.id"""


def tell_former_holders() -> None:
    """Writes to those whose links are suspended from now on; once the set's accounts are in."""
    found = Holding.objects.raw(_SUSPENDED).prefetch_related("user", "account")
    holdings.end(found, "suspended")
    for holding in found:
        holding_letters.tell("account_suspended", holding.user, account=holding.account)
        audit.record("account_suspended", None, subject=holding.user, account=holding.account)
