"""`python -m audioscan_host`: the command line, where its program is not on the path."""

from audioscan_host.cli.entry import main

if __name__ == "__main__":
    main(prog_name="python -m audioscan_host")
