"""What is deployed and what it is called: routes, parts, tables, codes, settings."""
