"""Makes the platform's site the default one.

The admin's autodiscovery imports this module first, since this app stands first in INSTALLED_APPS; whatever
registers with the default site afterwards registers with ours.
"""

from django.contrib import admin
from django.contrib.admin import sites

from config.platform_site import PlatformAdminSite

admin.site = sites.site = PlatformAdminSite("admin")
