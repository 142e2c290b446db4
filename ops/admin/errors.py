"""What an operator is told instead of a traceback."""


class OperatorError(Exception):
    """The command could not look, or could not go on. What it did until then is recorded."""
