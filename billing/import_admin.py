"""Imports for staff of billing: upload, check, read what is bad, load, take the rejects."""

from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms.renderers import DjangoTemplates
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from accounts import audit
from accounts.staff import ReadOnly, page_context
from billing import import_files, import_jobs
from billing.exchange.problems import NotASet
from billing.import_files import Upload
from billing.import_pages import SHOWN, counts_of, heads, phase_of, problems_of, share_of
from billing.models import Import, ImportJob
from cabinet import days, figures
from cabinet.admin import OfMany
from cabinet.jinja import yes_no
from cabinet.methods import form_page

RECENT = 20  # jobs listed on the upload page
REFRESH = 3  # seconds
TAKE, CHECK = "load", "check"
UNDER_WAY = _("Your last set is not done yet. Wait until it is.")


class UploadForm(forms.Form):
    """A set, and what is to be done with it."""

    default_renderer = DjangoTemplates()

    file = forms.FileField(
        label=_("Set (zip)"),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
        help_text=_("The exchange's CSV files at the root of the zip."),
    )
    do = forms.ChoiceField(
        label=_("What to do"),
        choices=[(CHECK, _("Only check")), (TAKE, _("Load at once"))],
        initial=CHECK,
        widget=forms.RadioSelect,
    )
    accept_valid = forms.BooleanField(
        label=_("Leave out accounts with bad rows"),
        required=False,
        help_text=_("Without it one bad row is enough to refuse the whole set."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.refusal:
            raise forms.ValidationError(file.refusal)
        return file


def guarded(view: Any) -> Any:
    """Only for whoever may load sets."""

    def inner(self: "ImportAdmin", request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.has_perm("billing.load_import"):
            raise PermissionDenied
        return view(self, request, *args, **kwargs)

    return inner


@admin.register(Import)
class ImportAdmin(OfMany, ReadOnly):
    """The record of every set that was tried, and the way to hand one in."""

    change_list_template = "admin/billing/import/change_list.html"
    change_form_template = "admin/billing/import/change_form.html"
    list_display = ("started", "name", "who", "checked_only", "outcome", "took")
    list_display_links = ("started", "name")
    list_filter = ("outcome",)
    fields = list_display

    @admin.display(description=_("started at"))
    def started(self, record: Import) -> str:
        return days.moment(record.started_at)

    @admin.display(description=_("who"))
    def who(self, record: Import) -> str:
        return record.by

    @admin.display(description=_("a check"))
    def checked_only(self, record: Import) -> str:
        return yes_no(record.is_check)

    @admin.display(description=_("seconds"))
    def took(self, record: Import) -> str:
        return figures.number(record.seconds, 1) if record.seconds is not None else "—"

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"billing_import_{name}")

        return [
            path("upload/", csrf_exempt(self.upload_view), name="billing_import_upload"),
            own("jobs/<int:pk>/", require_safe(self.job), "job"),
            own("jobs/<int:pk>/load/", require_POST(self.load), "load"),
            own("jobs/<int:pk>/again/", require_POST(self.again), "again"),
            own("jobs/<int:pk>/report.json", require_safe(self.report), "report"),
            own("jobs/<int:pk>/rejects.zip", require_safe(self.rejects), "rejects"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_load = request.user.has_perm("billing.load_import")
        return super().changelist_view(request, {**(extra_context or {}), "may_load": may_load})

    def beside(self, request: HttpRequest, shown: Import) -> dict[str, Any]:
        return {"heads": heads(), "counts": counts_of(shown), "jobs": shown.jobs.all()}

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """The check of the token reads the file: who may send one first chooses where it goes."""
        view = form_page(self.upload)
        if request.user.has_perm("billing.load_import"):
            view = csrf_exempt(view)
        return self.admin_site.admin_view(view)(request)

    @guarded
    def upload(self, request: HttpRequest) -> HttpResponse:
        """The form, and the last jobs."""
        if request.method != "POST":
            return self._form(request, UploadForm())
        upload = Upload(request)
        request.upload_handlers = [upload]
        try:
            return csrf_protect(self._take)(request, upload)
        finally:
            if not upload.is_taken:
                upload.discard()

    def _take(self, request: HttpRequest, upload: Upload) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid() and (job := _taken(request, form)):
            upload.is_taken = job.key == upload.key
            return redirect("admin:billing_import_job", job.pk)
        return self._form(request, form)

    def _form(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        jobs = ImportJob.objects.select_related("record")[:RECENT]
        context = page_context(request, Import, _("Upload a set"), form=form, jobs=jobs)
        return render(request, "admin/billing/import/upload.html", context)

    def job(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far it is; once it is over, what came of it.

        The bad rows hold residents' data: only who may load sees them, and each look is noted.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = import_jobs.settled(_job(pk))
        may_load = request.user.has_perm("billing.load_import")
        problems = problems_of(found) if may_load and found.is_over else []
        if problems:
            audit.record("looked_at_import_report", request, set=found.name)
        context = page_context(
            request,
            Import,
            found.name,
            job=found,
            refresh=REFRESH,
            may_load=may_load,
            uploaded=days.moment(found.created_at),
            recorded=days.moment(found.record.started_at) if found.record else "",
            share=share_of(found),
            phase=phase_of(found),
            error=gettext(found.error) if found.error else "",
            heads=heads(),
            counts=counts_of(found.record) if found.record and found.is_over else [],
            problems=problems,
            more=max(found.problems - SHOWN, 0),
            has_rejects=import_files.has_rejects(found),
            may_be_loaded=found.may_be_loaded and import_files.set_of(found).exists(),
            loads=ImportJob.objects.filter(key=found.key, is_check=False).exclude(pk=pk),
        )
        return render(request, "admin/billing/import/job.html", context)

    @guarded
    def load(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was checked is loaded."""
        checked = _job(pk)
        if not checked.may_be_loaded or not import_files.set_of(checked).exists():
            messages.error(request, _("This set cannot be loaded any more."))
            return redirect("admin:billing_import_job", pk)
        try:
            pk = import_jobs.load_checked(request, checked).pk
        except import_jobs.UnderWay:
            messages.error(request, UNDER_WAY)
        return redirect("admin:billing_import_job", pk)

    @guarded
    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was broken off is tried once more."""
        try:
            import_jobs.again(request, _job(pk))
        except import_jobs.UnderWay:
            messages.error(request, UNDER_WAY)
        return redirect("admin:billing_import_job", pk)

    @guarded
    def report(self, request: HttpRequest, pk: int) -> FileResponse:
        """All bad rows, as JSON, in the reader's language."""
        job = _job(pk)
        try:
            file = import_files.report_of(job, str(get_language())).open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        name = f"report-{pk}.json"
        audit.record("looked_at_import_report", request, set=job.name, file=name)
        return FileResponse(file, as_attachment=True, filename=name)

    @guarded
    def rejects(self, request: HttpRequest, pk: int) -> FileResponse:
        """The rejected rows, as a zip of the exchange's files."""
        job = _job(pk)
        if not import_files.has_rejects(job):
            raise Http404
        name = f"rejects-{pk}.zip"
        audit.record("looked_at_import_report", request, set=job.name, file=name)
        file = TemporaryFile()  # noqa: SIM115 - the response closes it
        import_files.pack_rejects(job, file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=name)


def _job(pk: int) -> ImportJob:
    """Anybody's: whoever may load sets may see all of them."""
    return get_object_or_404(ImportJob.objects.select_related("record"), pk=pk)


def _taken(request: HttpRequest, form: UploadForm) -> ImportJob | None:
    """The job; None when the file is refused, which is told beside it."""
    asked = form.cleaned_data
    try:
        return import_jobs.take(
            request,
            asked["file"],
            is_check=asked["do"] == CHECK,
            accept_valid=asked["accept_valid"],
        )
    except NotASet as error:
        form.add_error("file", str(error))
    except import_jobs.UnderWay:
        form.add_error(None, UNDER_WAY)
    return None
