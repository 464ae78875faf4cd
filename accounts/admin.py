"""What staff see of users: not the secrets, sessions and addresses that packages would show."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin

for _model in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(_model)
