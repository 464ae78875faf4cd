"""The whole site. The apps' pages keep their own names: `app:thing`."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

admin.site.site_header = admin.site.site_title = _("Personal cabinet: support")

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("receipts.urls")),
    path("admin/", admin.site.urls),
]
