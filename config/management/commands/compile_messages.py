from pathlib import Path
from typing import Any

from babel.messages import mofile, pofile
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Compiles every translation of the project; unlike Django's compilemessages, without gettext."""

    help = "Compile locale/*/LC_MESSAGES/*.po of the project to .mo, where the .po is newer."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        compiled = 0
        for source in sorted(self._sources()):
            target = source.with_suffix(".mo")
            if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                self._compile(source, target)
                compiled += 1
        if options["verbosity"] > 0 and compiled:
            self.stdout.write(f"Compiled {compiled} translation files.")

    def _sources(self) -> set[Path]:
        base = Path(settings.BASE_DIR)
        folders = {Path(path) for path in settings.LOCALE_PATHS}
        # The virtual environment lies in the checkout too, and its packages bring their own.
        folders |= {
            Path(app.path) / "locale"
            for app in apps.get_app_configs()
            if Path(app.path).is_relative_to(base) and "site-packages" not in Path(app.path).parts
        }
        return {source for folder in folders for source in folder.glob("*/LC_MESSAGES/*.po")}

    def _compile(self, source: Path, target: Path) -> None:
        try:
            with source.open("rb") as file:
                catalog = pofile.read_po(file, abort_invalid=True)
        except (pofile.PoFileError, ValueError) as error:
            raise CommandError(f"{source} cannot be compiled: {error}") from error
        unfinished = target.with_suffix(".mo.unfinished")
        with unfinished.open("wb") as file:
            mofile.write_mo(file, catalog)
        unfinished.replace(target)
