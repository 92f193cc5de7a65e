"""The forms of contacts and leads."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from crm.people.models import Contact, Lead
from crm.people.selectors import same_email
from crm.records.forms import AddressForm, LinesField


class PersonForm(AddressForm):
    """A new person whose address somebody has already is only saved when asked for a second time."""

    other_emails = LinesField(
        label=_("Other email addresses"), each=forms.EmailField(max_length=254), help_text=_("One a line")
    )
    other_phones = LinesField(
        label=_("Other phones"), each=forms.CharField(max_length=64), help_text=_("One a line")
    )
    confirmed_email = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not any(cleaned.get(name) for name in ("first_name", "last_name", "email", "phone")):
            raise ValidationError(_("Enter a name, an email address or a phone number."), code="nobody")
        email = cleaned.get("email") or ""
        if self.instance._state.adding and email and cleaned.get("confirmed_email") != email:
            self._warn_of_duplicates(email)
        return cleaned

    def _warn_of_duplicates(self, email: str) -> None:
        self.duplicates = same_email(self.instance, email)
        if self.duplicates:
            self.put_back("confirmed_email", email)
            self.add_error(
                "email",
                ValidationError(_("This address is taken. Save again to keep both."), code="duplicate"),
            )


class ContactForm(PersonForm):
    birth_date = forms.DateField(
        label=_("Birth date"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )

    class Meta:
        model = Contact
        exclude = ("address", "tags")

    def clean_birth_date(self) -> str:
        value = self.cleaned_data.get("birth_date")
        return value.isoformat() if value else ""


class LeadForm(PersonForm):
    class Meta:
        model = Lead
        exclude = ("address", "tags")
