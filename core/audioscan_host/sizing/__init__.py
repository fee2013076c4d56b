"""What a run over recordings would read, keep and take: looked at, computed or measured, and never guessed."""
