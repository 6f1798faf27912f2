"""Three jobs that describe one deterministic world: sales, clickstream and startups."""
