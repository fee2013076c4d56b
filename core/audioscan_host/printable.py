"""Text that comes from files, as it may be shown on a terminal."""


def printable(text: str, kept: str = "\n") -> str:
    r"""The text with whatever would move the cursor or change a terminal written out: `\x1b`, `\r`, `\t`.

    Labels, names of files and what a stranger's detector says of itself may hold anything. What is `kept` stays, line
    ends unless told otherwise.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in kept else ascii(each)[1:-1] for each in text)
