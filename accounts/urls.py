"""Who you are."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("admin/login/", views.staff_login, name="staff_login"),
    path("language/", views.language, name="language"),
]
