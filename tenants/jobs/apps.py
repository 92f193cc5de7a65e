from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "tenants.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from tenants.jobs import registry

        registry.autodiscover()
