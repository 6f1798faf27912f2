"""Cloud Run on a laptop: services and jobs whose containers are commands on this machine."""
