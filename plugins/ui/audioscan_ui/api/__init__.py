"""What the page asks for, a file a subject: each has `routes`."""
