"""The files that GitHub and Cloud Build read: valid, pinned, and without keys."""
