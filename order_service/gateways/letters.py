"""Letters from templates.

`news/<status>.txt` has the words, its first line being the subject; `letter.txt` and `letter.html` put the same words
and the order around them. No link stands in a letter: whoever is asked to click one in the shop's name was not
written to by the shop.
"""

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from order_service.domain.notices import Letter, News
from order_service.domain.products import Offer

TEMPLATES = Path(__file__).parents[1] / "templates"
# Unicode's categories of signs that begin a new line, or do worse.
BREAKING = frozenset({"Cc", "Zl", "Zp"})


class TemplateLetters:
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

    def write(self, news: News, goods: Offer) -> Letter:
        words = self._render(f"news/{news.status}.txt", news=news, goods=goods)
        subject, *paragraphs = re.split(r"\n\s*\n", words.strip())
        around = {"subject": subject, "paragraphs": paragraphs, "news": news, "goods": goods}
        return Letter(subject, self._render("letter.txt", **around), self._render("letter.html", **around))

    def _render(self, template: str, **values: object) -> str:
        return self._templates.get_template(template).render(values)


def _amount(value: Decimal) -> str:
    return f"{value:.2f}"


def _moment(value: datetime) -> str:
    return f"{value:%H:%M} UTC on {value.day} {value:%B %Y}"


def _in_one_line(text: str) -> str:
    """What others have typed in stays in its line, so that it cannot pretend to be a line of ours."""
    return " ".join("".join(" " if unicodedata.category(sign) in BREAKING else sign for sign in text).split())
