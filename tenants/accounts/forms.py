"""The forms of accounts. Those of the public pages carry no widget of the admin."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tenants.accounts import attempts
from tenants.accounts.models import Role, User
from tenants.accounts.permission_labels import permission_groups

LANGUAGE_CHOICES = [("", _("As the browser says")), *settings.LANGUAGES]


class SignInForm(forms.Form):
    """Email address and password; after it ``user`` is who signed in."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    user: User | None = None

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        key = attempts.key_of(data["email"], self.request.META.get("REMOTE_ADDR", ""))
        now = timezone.now()
        try:
            attempts.refuse_locked(key=key, now=now)
        except attempts.TooManyAttempts as refused:
            raise ValidationError(str(refused.message), code=refused.code) from refused
        found = authenticate(self.request, username=data["email"], password=data["password"])
        if found is None:
            attempts.count_failure(key=key, now=now)
            raise ValidationError(
                _(
                    "Email address and password do not match. Check both; "
                    "capital letters count in the password."
                ),
                code="invalid",
            )
        attempts.forget(key=key)
        self.user = found
        return data


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    new_password = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    repeated = forms.CharField(
        label=_("The same again"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.fields["new_password"].help_text = " ".join(password_validators_help_texts())

    def clean_new_password(self) -> str:
        password = str(self.cleaned_data["new_password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "new_password" in data and data["new_password"] != data.get("repeated"):
            self.add_error("repeated", _("The two passwords differ."))
        return data


class PasswordChangeForm(NewPasswordForm):
    """The same, for somebody who is signed in and knows the old one."""

    old_password = forms.CharField(
        label=_("Present password"),
        max_length=1024,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("old_password", "new_password", "repeated")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        for name in ("new_password", "repeated"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})

    def clean_old_password(self) -> str:
        password = str(self.cleaned_data["old_password"])
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your present password."), code="wrong")
        return password


class ProfileForm(forms.Form):
    """What users decide about themselves."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Colleagues see it beside your records and in the audit log."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=LANGUAGE_CHOICES, widget=UnfoldAdminSelectWidget()
    )


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """A user as the owner sees it."""

    email = forms.EmailField(label=_("Email address"), max_length=254, widget=UnfoldAdminEmailInputWidget())
    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Role.objects.all(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        error_messages={"required": _("Choose at least one role.")},
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=LANGUAGE_CHOICES, widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = User
        fields = ["name", "email", "roles", "language", "is_active"]
        widgets = {"name": UnfoldAdminTextInputWidget(), "is_active": UnfoldBooleanSwitchWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        if self.instance._state.adding:
            self.fields.pop("is_active", None)
        else:
            self.initial["email"] = self.instance.email
            self.initial["roles"] = self.instance.roles.all()

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a user with this email address already."), code="unique")
        return email

    def validate_unique(self) -> None:
        """Done by ``clean_email``: the address is compared through its blind index."""


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role with its permissions, one group of boxes a kind."""

    permissions = forms.MultipleChoiceField(label=_("Permissions"), required=False)

    class Meta:
        model = Role
        fields = ["name", "permissions"]
        widgets = {"name": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.MultipleChoiceField, self.fields["permissions"])
        groups = permission_groups()
        field.choices = [(group.title, group.choices) for group in groups]
        field.widget = PermissionMatrix(choices=field.choices)


class PermissionMatrix(forms.CheckboxSelectMultiple):
    """Check boxes in groups, each a fieldset with the kind's name."""

    template_name = "accounts/permission_matrix.html"
