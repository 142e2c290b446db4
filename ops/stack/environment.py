"""What the environment names, without what `eval "$(./shop env)"` has put there.

Whoever asked for the addresses of a running shop did not ask that the next one uses the servers of this one.
"""

from collections.abc import Mapping

_MARK = "SHOP_PRINTED"


def without_printed(environment: Mapping[str, str]) -> dict[str, str]:
    printed = environment.get(_MARK, "").split()
    return {name: value for name, value in environment.items() if value not in printed}


def printable(addresses: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The addresses with a mark that tells which of them the shell did not have of its own."""
    had = without_printed(environment)
    new = [value for name, value in addresses.items() if name.endswith("_URL") and had.get(name) != value]
    return {**addresses, _MARK: " ".join(new)}
