"""Real faults on a laptop of its own: 2,000 files, 200 kills, then every row held against the truth (`make torture`)."""
