"""Text that comes from files, as it may be shown on a terminal."""


def printable(text: str) -> str:
    r"""The text with whatever would move the cursor or change a terminal written out: `\x1b`, `\r`, `\t`.

    Labels, names of files and what a stranger's detector says of itself may hold anything. Line ends stay.
    """
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)
