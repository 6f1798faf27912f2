"""What travels between the parts, and how it is named: events, dead letters, object names, limits, strict JSON."""
