"""One template for every form field, and what browsers and phones are told of each."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

# What a field is not known to be, nobody's browser fills in; a kind of input has more of its own.
KNOWN = {
    "text": {"autocomplete": "off"},
    "date": {"autocomplete": "off"},
    "search": {"autocomplete": "off", "enterkeyhint": "search"},
    "email": {"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
}
# A number in digits; letters and digits that are no words; a name that one signs in with.
DIGITS = {"inputmode": "numeric", "autocomplete": "off"}
CODE = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
LOGIN = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


class Bound(forms.BoundField):
    """A field as pages show it."""

    @property
    def may_be_empty(self) -> bool:
        """Whether its label says that it need not be filled in; ticks and lists never need it.

        A field with `is_wanted` is one that is asked for, though the form alone cannot require it.
        """
        widget = self.field.widget
        if isinstance(widget, forms.CheckboxInput | forms.Select | forms.SearchInput):
            return False
        return not self.field.required and not getattr(self.field, "is_wanted", False)

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        known = KNOWN.get(getattr(widget, "input_type", ""), {})
        return {**{name: known[name] for name in known if name not in widget.attrs}, **built}


class LanguageSelect(forms.Select):
    """Languages by their own names, each said to be in it."""

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **options)
        option["attrs"]["lang"] = value
        return option


class Renderer(TemplatesSetting):
    """Fields with label, hint and error as `templates/cabinet/field.html` has them."""

    field_template_name = "cabinet/field.html"
    bound_field_class = Bound
