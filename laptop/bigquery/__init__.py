"""BigQuery on one machine: the v2 REST API, GoogleSQL translated to DuckDB, external tables over the object store."""
