"""One template for every form field."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Fields with label, hint and error as `templates/cabinet/field.html` has them."""

    field_template_name = "cabinet/field.html"
