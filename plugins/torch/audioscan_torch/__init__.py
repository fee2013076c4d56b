"""What plugins share whose networks run on torch. Importing this package imports no torch."""
