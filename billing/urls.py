"""What is owed. An account's number is part of the URL, never of the session."""

import datetime as dt

from django.urls import path, register_converter

from billing import calculator_views, holding_views, plan_views, views
from cabinet import downloads, months


class MonthConverter:
    """A month `YYYY-MM`."""

    regex = months.MONTH_FORM.pattern

    def to_python(self, value: str) -> dt.date:
        return months.parse(value)

    def to_url(self, value: str) -> str:
        return value


class NumberConverter:
    """Whatever stands for a number: a wrong one is as unknown as a stranger's."""

    regex = r"[^/\x00-\x1f]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class DownloadConverter:
    """A kind of file that a page's figures can be had in."""

    regex = "|".join(downloads.KINDS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(DownloadConverter, "download")
register_converter(NumberConverter, "number")
register_converter(MonthConverter, "month")

app_name = "billing"
urlpatterns = [
    path("", views.home, name="home"),
    path("site-map/", views.site_map, name="site_map"),
    path("settings/looks/", views.seen_by_staff, name="looks"),
    path("accounts/", views.account_list, name="account_list"),
    path("accounts/add/", holding_views.account_add, name="account_add"),
    path("accounts/<number:number>/", views.account, name="account"),
    path("accounts/<number:number>/remove/", holding_views.account_remove, name="account_remove"),
    path(
        "accounts/<number:number>/nickname/",
        holding_views.account_nickname,
        name="account_nickname",
    ),
    path("accounts/<number:number>/services/", views.services, name="services"),
    path(
        "accounts/<number:number>/services.<download:kind>",
        views.services,
        name="services_download",
    ),
    *(
        path(
            f"accounts/<number:number>/services/{of}.<download:kind>",
            views.services,
            {"of": of},
            name=f"{of}_download",
        )
        for of in ("charges", "readings")
    ),
    path("accounts/<number:number>/services/<month:month>/", views.month, name="month"),
    path("accounts/<number:number>/receipts/", views.receipts, name="receipts"),
    path(
        "accounts/<number:number>/receipts.<download:kind>",
        views.receipts,
        name="receipts_download",
    ),
    path(
        "accounts/<number:number>/calculator/",
        calculator_views.calculator,
        name="calculator",
    ),
    path("accounts/<number:number>/calculator/plans/", plan_views.compared, name="plans"),
    path("calculator/", calculator_views.calculator_public, name="calculator_public"),
    path("accounts/<number:number>/payments/", views.payments, name="payments"),
    path(
        "accounts/<number:number>/payments.<download:kind>",
        views.payments,
        name="payments_download",
    ),
]
