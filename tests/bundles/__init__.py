"""What make bundle makes: the right files, the same bytes anywhere, and functions that start from them."""
