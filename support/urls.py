"""What residents ask for, and the way to people."""

from django.urls import include, path

app_name = "support"
urlpatterns = [
    path("", include("support.information_urls")),
    path("", include("support.application_urls")),
]
