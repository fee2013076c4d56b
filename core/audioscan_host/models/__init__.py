"""Models, their checkpoints, and where the weights of those lie."""
