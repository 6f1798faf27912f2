"""The v2 REST resources: one module each."""
