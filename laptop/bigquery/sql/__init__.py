"""GoogleSQL in, DuckDB SQL out: what is not known to mean the same is refused by name."""
