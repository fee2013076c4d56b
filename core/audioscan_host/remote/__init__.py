"""What is behind a URL: how it is reached, read by ranges, and told from others."""
