"""The kernel: who, where, with which keys."""
