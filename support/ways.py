"""Where other pages lead somebody who wants to ask something, with what is known filled in."""

from django.urls import reverse
from django.utils.http import urlencode

from cabinet.memory import remembered
from support.models import Kind


def way(code: str, account: str = "", /, **given: str) -> str:
    """The address of the form of a kind, for the account of that number; empty while it is not
    offered.
    """
    if code not in _offered():
        return ""
    query = {**({"account": account} if account else {}), **given}
    address = reverse("support:application_new", args=[code])
    return f"{address}?{urlencode(query)}" if query else address


@remembered
def _offered() -> frozenset[str]:
    return frozenset(Kind.objects.offered().values_list("code", flat=True))
