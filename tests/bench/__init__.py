"""Speed, each figure beside its rival in one run: `make bench` writes docs/performance.md. Nothing here is a test."""
