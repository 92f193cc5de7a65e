"""What staff work on."""
