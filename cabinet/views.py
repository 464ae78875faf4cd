"""Pages of no app's own."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cabinet import mail

MOST_LETTERS = 50
RETRY_AFTER = 5  # seconds


def later(request: HttpRequest, template: str) -> HttpResponse:
    """503: too many want the same at this moment; the template says what, and to come back."""
    response = render(request, template, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


@login_not_required
@require_safe
def demo_mail(request: HttpRequest) -> HttpResponse:
    """The last letters that the demo kept instead of sending, for whoever tries it out."""
    if not settings.DEMO:
        raise Http404
    host = request.get_host()
    letters = [mail.read(path, host) for path in mail.newest(MOST_LETTERS)]
    return render(request, "cabinet/demo_mail.html", {"letters": letters})
