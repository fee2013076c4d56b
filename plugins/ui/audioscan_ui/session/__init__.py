"""What a person has done: the folder of a review, its journal, and what follows from it."""
