"""Cloud Scheduler on a laptop: cron to Pub/Sub."""
