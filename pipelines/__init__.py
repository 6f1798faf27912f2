"""The training pipeline. It stands alone: nothing here imports another part of the project."""
