"""How well systems do on recordings that they were not trained on: figures, pictures, and which one to use."""
