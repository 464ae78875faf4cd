"""What is printed."""

from django.contrib import admin
from django.urls import path, register_converter

from receipts import receipt_views, staff, staff_papers, subscription_views, verify, views
from receipts.models import NOTICES


class NoticeConverter:
    """What a subscription may bring."""

    regex = "|".join(NOTICES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NoticeConverter, "notice")

ENDINGS = {"front": "", "outer": "/outer", "both": "/both"}

app_name = "receipts"
urlpatterns = [
    path("accounts/<number:number>/services/statement/", views.statement, name="statement"),
    path(
        "accounts/<number:number>/services/statement.<download:kind>",
        views.statement,
        name="statement_download",
    ),
    path(
        "accounts/<number:number>/services/statement.pdf",
        views.statement_pdf,
        name="statement_pdf",
    ),
    *(
        path(
            f"accounts/<number:number>/receipts/<month:month>{ending}.pdf",
            receipt_views.receipt,
            {"side": side},
            name=f"receipt_{side}",
        )
        for side, ending in ENDINGS.items()
    ),
    path("verify/", verify.verify, name="verify"),
    path("e-receipt/", subscription_views.e_receipt, name="e_receipt"),
    path("e-receipt/<uuid:key>/<month:month>/", subscription_views.sent, name="sent"),
    path(
        "e-receipt/unsubscribe/<uuid:key>/<notice:notice>/",
        subscription_views.unsubscribe,
        name="unsubscribe",
    ),
    path(
        "accounts/<number:number>/e-receipt/",
        subscription_views.subscription,
        name="subscription",
    ),
    *(
        path(
            f"admin/billing/personalaccount/<int:pk>/receipts/<month:month>{ending}.pdf",
            admin.site.admin_view(staff_papers.receipt),
            {"side": side},
            name=f"staff_receipt_{side}",
        )
        for side, ending in ENDINGS.items()
    ),
    path(
        "admin/billing/personalaccount/<int:pk>/subscriptions/<int:subscription>/again/",
        admin.site.admin_view(staff.send_again),
        name="staff_send_again",
    ),
    path(
        "admin/billing/personalaccount/<int:pk>/statement.pdf",
        admin.site.admin_view(staff_papers.statement_pdf),
        name="staff_statement_pdf",
    ),
]
