"""What no log may say: who somebody is, and what opens something."""

import re
from collections.abc import Mapping
from typing import Any, Final

# A local part with an id in it is a message's name, not a person's.
ADDRESS: Final = re.compile(r"(?<![\w.+%-])(?![\w.+%-]*[0-9a-f]{8}-[0-9a-f]{4}-)[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# PostgreSQL and its driver tell which row or which value an error is about.
DETAIL: Final = re.compile(
    r"(?:\n|\\n)DETAIL: .*?(?=(?:\n|\\n)(?:HINT: |\[SQL: )|\n\nThe above |\n\nDuring |\Z)", re.DOTALL
)
ARGUMENT: Final = re.compile(r"(?<=invalid input for query argument \$)(\d+): .*")
# Nothing is meant to log one. These are known by their form, wherever they come from: a client's path, an error.
SECRET: Final = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*"  # a token
    r"|(?<=://)[^\s/@]+(?=@)"  # the login in an address
    r"|\b(?:whsec|tok|[prs]k|pm|pi)_\w+"  # of webhooks, of cards, of payment providers
    r"|(?<=[Bb]earer )\S+"
)
# One of these is in whatever the expressions above find. Few lines have any, and every request has a line.
MARKERS: Final = (
    "@",
    "eyJ",
    "DETAIL: ",
    "query argument",
    "whsec_",
    "tok_",
    "pk_",
    "rk_",
    "sk_",
    "pm_",
    "pi_",
    "earer ",
)


def needs_redaction(line: str) -> bool:
    for sign in MARKERS:  # noqa: SIM110 - `any` takes five times as long, and every request waits for it.
        if sign in line:
            return True
    return False


def redact(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever is deleted must not live on in a log. Ids say as much to whoever looks for a fault."""
    return {key: _redact_text(value) if isinstance(value, str) else value for key, value in entry.items()}


def _redact_text(text: str) -> str:
    text = ARGUMENT.sub(r"\1", DETAIL.sub("", text))
    return ADDRESS.sub("(address)", SECRET.sub("(secret)", text))
