"""What the components do, importable without kfp: from the image, from the repository root, or from a test."""
