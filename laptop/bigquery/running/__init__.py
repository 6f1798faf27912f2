"""Running statements: a session per job, one module per kind of statement."""
