"""What goes out and comes in: emails, segments, campaigns, forms, workflows."""
