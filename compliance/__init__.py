"""What must be provable: the data map and the audit trail."""
