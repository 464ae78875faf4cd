"""What is owed. An account's number is part of the URL, never of the session."""

from django.urls import path, register_converter

from billing import views


class NumberConverter:
    """Whatever stands for a number: a wrong one is as unknown as a stranger's."""

    regex = r"[^/\x00-\x1f]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, "number")

app_name = "billing"
urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/", views.account_list, name="account_list"),
    path("accounts/<number:number>/", views.account, name="account"),
    path("accounts/<number:number>/services/", views.services, name="services"),
    path("accounts/<number:number>/payments/", views.payments, name="payments"),
]
