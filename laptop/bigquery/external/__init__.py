"""External tables: which objects a query reads, and the local Parquet copy of each."""
