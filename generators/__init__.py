"""Three jobs that tell of one deterministic world: sales, clickstream and startups."""
