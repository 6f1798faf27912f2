"""What a row must be: contracts, timestamps, tokens in place of personal data, checksums."""
