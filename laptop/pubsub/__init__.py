"""Pub/Sub on a laptop: delivery semantics over SQLite, spoken over gRPC."""
