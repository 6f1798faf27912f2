"""The `ripple` command."""
