"""What an operator is told instead of a traceback."""


class Trouble(Exception):  # noqa: N818 - it names what the operator has, and is not always an error of ours.
    """The command could not look, or could not go on. What it did until then is recorded."""
