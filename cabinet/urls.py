"""The whole site. The apps' pages keep their own names: `app:thing`."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from cabinet import views

admin.site.site_header = admin.site.site_title = _("Personal cabinet: support")

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("accounts.allauth_urls")),
    path("", include("billing.urls")),
    path("", include("receipts.urls")),
    path("", include("support.urls")),
    path("demo/mail/", views.demo_mail, name="demo_mail"),
    path("admin/", admin.site.urls),
]
