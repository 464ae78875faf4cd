"""What is printed."""

from django.urls import path

from receipts import views

app_name = "receipts"
urlpatterns = [
    path("accounts/<number:number>/services/statement/", views.statement, name="statement"),
    path(
        "accounts/<number:number>/services/statement.pdf",
        views.statement_pdf,
        name="statement_pdf",
    ),
]
