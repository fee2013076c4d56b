"""Where the program `audioscan-host` begins: an interrupt ends it in one line from the first moment on.

Nothing is imported at the top but what Python itself has in memory: the rest takes as long as a hand takes to Ctrl-C.
"""

import sys


def main(prog_name: str | None = None) -> None:
    """Run the command line; `prog_name` is what it calls itself."""
    try:
        from audioscan_host.cli.main import main as run

        run(prog_name=prog_name)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
