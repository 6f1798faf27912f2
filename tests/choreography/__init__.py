"""The whole chain on a laptop of its own: once in calm weather, once with every message told twice and out of order."""
