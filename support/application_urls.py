"""«Өтінім беру»: what residents ask for."""

from django.urls import path

from support import application_views as views

urlpatterns = [
    path("applications/", views.applications, name="applications"),
    path("applications/new/<slug:code>/", views.application_new, name="application_new"),
    path("applications/files/<uuid:key>/", views.attachment, name="attachment"),
    path("applications/<number:number>/", views.application, name="application"),
]
