"""The images as far as no Docker is needed: how they are built, what goes in, and that it runs."""
