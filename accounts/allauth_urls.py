"""Where django-allauth's pages are; it looks them up by these names."""

from django.urls import path, re_path

from accounts import settings_views as own
from accounts import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("login/code/", views.SignInCode.as_view(), name="mfa_authenticate"),
    path("login/passkey/", views.SignInPasskey.as_view(), name="mfa_login_webauthn"),
    path("logout/", views.logout, name="account_logout"),
    path("register/", views.Register.as_view(), name="account_signup"),
    path("register/sent/", views.Registered.as_view(), name="account_email_verification_sent"),
    re_path(
        r"^email/confirm/(?P<key>[-:\w]+)/$",
        views.ConfirmEmail.as_view(),
        name="account_confirm_email",
    ),
    path("password-reset/", views.ForgottenPassword.as_view(), name="account_reset_password"),
    path(
        "password-reset/sent/",
        views.ForgottenPasswordSent.as_view(),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password-reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)/$",
        views.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("settings/password/", own.Password.as_view(), name="account_change_password"),
    path("settings/email/", own.email, name="account_email"),
    path("settings/again/", own.Again.as_view(), name="account_reauthenticate"),
    path("settings/again/code/", own.AgainCode.as_view(), name="mfa_reauthenticate"),
    path("settings/again/passkey/", own.AgainPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("settings/two-step/", own.TwoStep.as_view(), name="mfa_index"),
    path("settings/two-step/app/", own.AppOn.as_view(), name="mfa_activate_totp"),
    path("settings/two-step/app/off/", own.AppOff.as_view(), name="mfa_deactivate_totp"),
    path("settings/two-step/codes/", own.Codes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "settings/two-step/codes/new/", own.NewCodes.as_view(), name="mfa_generate_recovery_codes"
    ),
    path(
        "settings/two-step/codes.txt", own.CodesFile.as_view(), name="mfa_download_recovery_codes"
    ),
    path("settings/passkeys/add/", own.PasskeyAdd.as_view(), name="mfa_add_webauthn"),
    path("settings/passkeys/<int:pk>/", own.PasskeyRename.as_view(), name="mfa_edit_webauthn"),
    path(
        "settings/passkeys/<int:pk>/remove/",
        own.PasskeyRemove.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("settings/sessions/", own.open_sessions, name="usersessions_list"),
]
