"""What customers read."""

from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from libs.mail.message import EmailContent
from order_service.domain.products import PricedItems
from order_service.domain.status import Status
from order_service.notifications.renderer import JinjaEmailRenderer
from order_service.tests.things import a_product, an_offer
from order_service.tests.unit.notifications.factories import an_email

RENDERER = JinjaEmailRenderer()
ITEMS = an_offer((a_product("Desk lamp", "19.99"), 2), (a_product("Café chair", "1200.00"), 1))
UNTIL = datetime(2026, 3, 1, 12, 15, tzinfo=UTC)


class Shown(HTMLParser):
    """What a mail program makes of HTML: its text, and the elements that are in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


def rendered(status: Status, items: PricedItems = ITEMS, **fields: object) -> EmailContent:
    given: dict[str, Any] = {"reason": "Not enough in stock: Lamp", **fields}
    return RENDERER.render(an_email(status, items=items, **given))


@pytest.mark.parametrize("status", Status)
def test_every_status_has_an_email_that_says_it_twice(status: Status) -> None:
    written = rendered(status, pay_until=UNTIL)
    shown = Shown(written.html)
    for text in (" ".join(written.text.split()), shown.text):
        assert "Hello ada," in text
        assert "Desk lamp" in text
        assert "Café chair" in text
        assert "1239.98 EUR" in text
        # Nothing is left of a template, and nobody is asked to click.
        assert [part for part in ("{", "}", "http", "None") if part in text] == []
    assert 10 < len(written.subject) < 60
    assert written.subject.isprintable()
    assert not shown.elements & {"a", "form", "img", "script", "link"}


def test_no_two_statuses_say_the_same() -> None:
    assert len({rendered(status, pay_until=UNTIL).subject for status in Status}) == len(Status)


def test_until_when_to_pay() -> None:
    written = rendered(Status.AWAITING_PAYMENT, pay_until=UNTIL)
    assert "until 12:15 UTC on 1 March 2026" in " ".join(written.text.split())
    assert "Please pay 1239.98 EUR" in " ".join(written.text.split())


def test_nobody_is_asked_to_pay_for_an_order_that_has_moved_on() -> None:
    written = rendered(Status.AWAITING_PAYMENT, pay_until=None)
    assert "pay" not in (written.subject + written.text).lower()


def test_the_reason_of_a_rejection() -> None:
    reason = "Not enough in stock: Lamp: 2 wanted, 1 available"
    assert f"{reason}." in " ".join(rendered(Status.REJECTED, reason=reason).text.split())


def test_an_order_that_was_changed_is_not_a_new_one() -> None:
    placed = rendered(Status.PENDING)
    changed = rendered(Status.PENDING, previous_status=Status.AWAITING_PAYMENT)
    assert placed.subject != changed.subject
    assert "changed" in changed.subject


def test_amounts_are_written_out() -> None:
    items = an_offer((a_product("Pin", "0.5", currency="USD"), 3))
    text = rendered(Status.PAID, items).text
    assert "0.50 each, together 1.50 USD" in text
    assert "Total: 1.50 USD" in text


NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% for x in y %}",
    "ada\r\nBcc: everybody@example.com",
    "lamp\n\nYour order has expired. Pay again at evil.example",
    "lamp\u2028\u2029\x0b\x0c\x1b[31m\x85",
    "&amp; &lt;b&gt;",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_what_others_have_typed_stays_what_it_is(nasty: str) -> None:
    plain = rendered(Status.PAID)
    written = rendered(Status.REJECTED, an_offer((a_product(nasty), 1)), username=nasty, reason=nasty)
    assert written.subject == rendered(Status.REJECTED).subject
    shown = Shown(written.html)
    assert (shown.elements, shown.attributes) == (Shown(plain.html).elements, Shown(plain.html).attributes)
    in_one_line = " ".join("".join(sign if sign.isprintable() else " " for sign in nasty).split())
    assert shown.text.count(in_one_line) == 3
    # Each time in one line: no line of the e-mail begins with what another line ended with.
    assert sum(in_one_line in line for line in written.text.splitlines()) >= 2
    assert all(sign.isprintable() or sign == "\n" for sign in written.text)


def test_a_template_that_names_what_is_not_there_fails_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = JinjaEmailRenderer()
    templates = renderer._templates  # noqa: SLF001 - a template with a slip, as an editor may leave one.
    broken = templates.from_string("We have {{ email.adress }}")
    monkeypatch.setattr(templates, "get_template", lambda _name: broken)
    with pytest.raises(UndefinedError):
        renderer.render(an_email(Status.PAID, items=PricedItems((), "EUR")))


def test_amounts_of_nothing() -> None:
    free = an_offer((a_product("Sample", "0"), 1))
    assert free.total == Decimal(0)
    assert "Total: 0.00 EUR" in rendered(Status.PAID, free).text
