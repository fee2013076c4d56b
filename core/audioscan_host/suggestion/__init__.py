"""Which windows to label next: what each recording offers, and the choice among them."""
