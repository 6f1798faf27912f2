"""Secret Manager on a laptop: secrets, their versions, access."""
