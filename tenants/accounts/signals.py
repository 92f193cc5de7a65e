"""What accounts announce, so that the rooms above can keep a record of it."""

from django.dispatch import Signal

# Sent inside the transaction of the change: instance (User or Role), action ("created", "updated",
# "deleted"), changes ({field name: [old, new]}), actor.
account_changed = Signal()
