"""What the kernel announces, so that the rooms above can take part without being imported."""

from django.dispatch import Signal

# Sent inside the organisation's scope and the provisioning transaction: organization, owner.
organization_created = Signal()
