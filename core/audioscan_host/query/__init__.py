"""Query by example: places that show what a sound is like, how like them other windows are, and the best of these."""
