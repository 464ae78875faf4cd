"""By which methods pages are asked for."""

from django.views.decorators.http import require_http_methods

# A page with a form: looked at or posted to; every other method is refused.
form_page = require_http_methods(["GET", "HEAD", "POST"])
