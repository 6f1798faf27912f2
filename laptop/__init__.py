"""Google Cloud on one machine, for the official clients of any project."""
