"""Each function's source as a zip that a cloud builds from: the same checkout gives the same bytes on any machine."""
