from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """The composition root: holds the project's commands, templates and translations."""

    name = "config"
    label = "project"
