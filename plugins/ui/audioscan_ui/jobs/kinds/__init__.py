"""The kinds of work, a module each: `run(work)` does it in a process of its own and gives the result."""
