"""The entry point of the web server; a wrong setting ends in one sentence."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

BOOT_ERROR = 3  # tells gunicorn not to try again

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cabinet.settings")

try:
    application = get_wsgi_application()
    get_resolver().url_patterns  # noqa: B018 - all views, at once for all workers
except ImproperlyConfigured as error:
    print(error, file=sys.stderr)
    sys.exit(BOOT_ERROR)
