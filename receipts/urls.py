"""What is printed."""

from django.contrib import admin
from django.urls import path

from receipts import receipt_views, staff, verify, views

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
    *(
        path(
            f"admin/billing/personalaccount/<int:pk>/receipts/<month:month>{ending}.pdf",
            admin.site.admin_view(staff.receipt),
            {"side": side},
            name=f"staff_receipt_{side}",
        )
        for side, ending in ENDINGS.items()
    ),
    path(
        "admin/billing/personalaccount/<int:pk>/statement.pdf",
        admin.site.admin_view(staff.statement_pdf),
        name="staff_statement_pdf",
    ),
]
