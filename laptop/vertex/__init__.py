"""Vertex AI v1 over REST: pipeline jobs that run for real, and the model registry."""
