"""Dataform on the laptop: the v1 REST API, the real compiler, and a runner that sends the SQL to BigQuery."""
