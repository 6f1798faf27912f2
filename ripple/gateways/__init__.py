"""The Google clients behind the ports: thin, built once at the edge, imported lazily so that a cold start pays for its own stage only."""
