"""Long work, each in a process of its own: train, evaluate, scan, suggest, search, pull, clips."""
