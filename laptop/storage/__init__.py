"""Cloud Storage on a laptop: the JSON, upload and XML multipart APIs over files and SQLite."""
