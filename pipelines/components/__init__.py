"""One file per component. A body only wires; the work is in `pipelines.repeat_purchase`, which the image carries."""

IMAGE = "us-central1-docker.pkg.dev/ripple-laptop/ripple/pipelines-python:v1"
