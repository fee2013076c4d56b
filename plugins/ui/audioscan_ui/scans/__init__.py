"""The step scores of what was scanned, kept in the folder of the review."""
