"""The journeys of the public functions, a file a command, each readable from top to bottom."""
