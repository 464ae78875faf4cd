"""Who you are: pages of ours; those of django-allauth are in `accounts.allauth_urls`."""

from django.urls import path

from accounts import demo, kept_views, settings_views, views

app_name = "accounts"
urlpatterns = [
    path("admin/login/", views.staff_login, name="staff_login"),
    path("admin/password_change/", views.staff_password, name="staff_password"),
    path("language/", views.language, name="language"),
    path("text-size/", views.text_size, name="text_size"),
    path("consent/", views.consent, name="consent"),
    path("kept-input/", kept_views.kept, name="kept_input"),
    path("kept-input/drop/", kept_views.drop, name="drop_kept_input"),
    path("register/again/", views.register_again, name="register_again"),
    path("email/undo/<str:key>/", views.undo_email, name="undo_email"),
    path("settings/email/cancel/", settings_views.cancel_email, name="cancel_email"),
    path("settings/profile/", settings_views.profile, name="profile"),
    path("settings/sessions/<int:pk>/end/", settings_views.end_session, name="end_session"),
    path("settings/data/", settings_views.own_data, name="data"),
    path("settings/data/file/", settings_views.own_data_file, name="data_file"),
    path("demo/codes/", demo.codes, name="demo_codes"),
    path("settings/delete/", settings_views.delete, name="delete"),
]
