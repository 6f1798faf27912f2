"""The whole chain on a laptop of its own: once without faults, once with every message delivered twice and out of order."""
