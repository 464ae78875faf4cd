"""What residents ask for, and the way to people: applications, branches, help, announcements."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupportConfig(AppConfig):
    name = "support"
    verbose_name = _("Support")

    def ready(self) -> None:
        """Announcements stand on pages; what staff do with texts has its words in the audit log."""
        from accounts import audit, events, export, kept_input, staff
        from cabinet import jinja, letters, worker
        from support import (
            announcements,
            application_forms,
            applications,
            files,
            own_data,
            queue_forms,
            statistics,
            ways,
        )
        from support.models import Announcement, BranchNotice, HelpPage

        jinja.GLOBALS["announcements"] = announcements.told_to
        events.LEAVING.append(applications.leave)
        export.PARTS.append(own_data.tables)
        staff.START_PARTS.append(statistics.on_start_page)
        worker.DUTIES.append(files.tidy)
        kept_input.FORMS.update(application_forms.KEPT)
        kept_input.FORMS.update(queue_forms.KEPT)
        jinja.GLOBALS["way"] = ways.way
        audit.ACTIONS.update(TEXT_ACTIONS)
        audit.DETAILS.update(TEXT_DETAILS)
        audit.ACTIONS.update(APPLICATION_ACTIONS)
        audit.DETAILS.update(APPLICATION_DETAILS)
        letters.KINDS["application"] = _("application")
        for model in (Announcement, HelpPage, BranchNotice):
            for field in model._meta.concrete_fields:
                audit.WORDS.setdefault(field.name, field.verbose_name)


# What the audit log calls what staff do with texts.
TEXT_ACTIONS = {
    "announcement_added": _("added an announcement"),
    "announcement_changed": _("changed an announcement"),
    "announcement_deleted": _("deleted an announcement"),
    "helppage_added": _("added a help page"),
    "helppage_changed": _("changed a help page"),
    "helppage_deleted": _("deleted a help page"),
    "branchnotice_added": _("added a notice of a branch"),
    "branchnotice_changed": _("changed a notice of a branch"),
    "branchnotice_deleted": _("deleted a notice of a branch"),
}
TEXT_DETAILS = {
    "announcement": _("number of the announcement"),
    "helppage": _("code of the help page"),
    "branchnotice": _("code of the branch"),
    "text": _("text"),
}

# What it calls what is done to applications.
APPLICATION_ACTIONS = {
    "application_submit": _("submitted an application"),
    "application_take": _("took an application into work"),
    "application_ask": _("asked an applicant something"),
    "application_answer": _("answered a question about an application"),
    "application_go_on": _("went on with an application"),
    "application_finish": _("answered an application"),
    "application_decline": _("declined an application"),
    "application_reopen": _("reopened an application"),
    "application_withdraw": _("withdrew an application"),
    "application_written": _("wrote to an application"),
    "application_noted": _("made an internal note on an application"),
    "application_rated": _("rated an application"),
    "application_assigned": _("gave an application into other hands"),
    "application_kind": _("put an application under another kind"),
    "application_merged": _("merged two applications"),
    "applications_listed": _("looked at the list of applications"),
    "looked_at_application": _("looked at an application"),
    "looked_at_attachment": _("opened a file of an application"),
    "kind_added": _("added a kind of application"),
    "kind_changed": _("changed a kind of application"),
    "answertemplate_added": _("added an answer template"),
    "answertemplate_changed": _("changed an answer template"),
    "answertemplate_deleted": _("deleted an answer template"),
}
APPLICATION_DETAILS = {
    "application": _("number of the application"),
    "solved": _("solved"),
    "to": _("into whose hands"),
    "into": _("merged into"),
    "kind": _("kind"),
    "answertemplate": _("number of the template"),
}
