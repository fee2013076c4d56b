"""What a plugin is, how it is found, and how its hooks are called."""
