"""What is printed."""

from django.contrib import admin
from django.urls import path

from receipts import staff, views

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
    path(
        "admin/billing/personalaccount/<int:pk>/statement.pdf",
        admin.site.admin_view(staff.statement_pdf),
        name="staff_statement_pdf",
    ),
]
