"""The information area's own pages."""

from django.urls import path

from support import information_views as views

urlpatterns = [
    path("contacts/", views.contacts, name="contacts"),
    path("branches/", views.branches, name="branches"),
    path("help/", views.help_list, name="help"),
    path("help/<slug:code>/", views.help_page, name="help_page"),
]
