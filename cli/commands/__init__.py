"""The commands of `ripple` by theme; importing a module registers its commands."""
