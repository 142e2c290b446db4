"""E-mails from templates.

`status/<status>.txt` has the sentences, its first line being the subject; `email.txt` and `email.html` put them and the
order around. There is no link in an e-mail: a customer who is asked to click one in the shop's name was not written to
by the shop.
"""

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from libs.mail.message import EmailContent
from order_service.notifications.email import Email

TEMPLATES = Path(__file__).parent / "templates"
# Unicode's categories of characters that begin a new line, or do worse.
BREAKING = frozenset({"Cc", "Zl", "Zp"})


class JinjaEmailRenderer:
    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= {"amount": _amount, "moment": _moment, "in_one_line": _in_one_line}

    def render(self, email: Email) -> EmailContent:
        items = email.change.items
        words = self._render(f"status/{email.status}.txt", email=email, items=items)
        subject, *paragraphs = re.split(r"\n\s*\n", words.strip())
        around = {"subject": subject, "paragraphs": paragraphs, "email": email, "items": items}
        return EmailContent(subject, self._render("email.txt", **around), self._render("email.html", **around))

    def _render(self, template: str, **values: object) -> str:
        return self._templates.get_template(template).render(values)


def _amount(value: Decimal) -> str:
    return f"{value:.2f}"


def _moment(value: datetime) -> str:
    return f"{value:%H:%M} UTC on {value.day} {value:%B %Y}"


def _in_one_line(text: str) -> str:
    """What people have typed in stays in its line, so that it cannot pretend to be a line of ours."""
    return " ".join(
        "".join(" " if unicodedata.category(character) in BREAKING else character for character in text).split()
    )
