"""What every part of Ripple shares, in rooms that build on each other: see `docs/architecture.md`."""
