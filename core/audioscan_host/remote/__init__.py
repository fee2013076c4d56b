"""What is behind a URL: how it is reached, read by ranges, written and claimed, and told from others."""
