"""The letters of an order that is bought, as order_service's templates would have them, put together by hand.

Names are escaped, without which HTML would not show them. That somebody may have typed in more than one line is not
looked after.
"""

import textwrap
from datetime import datetime
from functools import lru_cache

from markupsafe import escape

from benchmarks.limits.consuming import Event

WIDTH = 76
SENT_BY = "This mail was sent by the shop itself, because you placed this order."
TEXT_LINE = "  {quantity} \N{MULTIPLICATION SIGN} {name}\n      {unit_price} each, together {line_total} {currency}\n"
HTML_LINE = """<tr style="border-top: 1px solid #ddd">
<td style="padding: 8px 8px 8px 0; white-space: nowrap; vertical-align: top">{quantity} \N{MULTIPLICATION SIGN}</td>
<td style="padding: 8px; width: 100%">{name}<br><span style="color: #666">{unit_price} {currency} each</span></td>
<td style="padding: 8px 0 8px 8px; white-space: nowrap; vertical-align: top; text-align: right">{line_total} {currency}\
</td>
</tr>
"""
HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{subject}</title>
</head>
<body style="margin: 0; padding: 24px; background: #f4f4f2; color: #222; font: 16px/1.5 Helvetica, Arial, sans-serif">
<div style="max-width: 560px; margin: 0 auto; padding: 32px; background: #fff; border-radius: 8px">
<p>Hello {username},</p>
{paragraphs}<table style="width: 100%; border-collapse: collapse; margin: 24px 0">
{lines}<tr style="border-top: 2px solid #222; font-weight: bold">
<td style="padding: 8px 0" colspan="2">Total</td>
<td style="padding: 8px 0 8px 8px; white-space: nowrap; text-align: right">{total} {currency}</td>
</tr>
</table>
<p style="color: #666; font-size: 13px">Order {order_id}<br>{sent_by}</p>
</div>
</body>
</html>"""


def letter(event: Event, username: str, reserved_until: datetime | None) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    subject, *paragraphs = _words(event, reserved_until)
    items, total, currency = event["items"], event["total"], event["currency"]
    wrapped = "".join([f"{_wrapped(paragraph)}\n\n" for paragraph in paragraphs])
    lines = "".join([TEXT_LINE.format_map({**item, "currency": currency}) for item in items])
    text = f"Hello {username},\n\n{wrapped}{lines}\n  Total: {total} {currency}\n\nOrder {event['id']}\n\n{SENT_BY}"
    html = HTML.format(
        subject=subject,
        username=escape(username),
        paragraphs="".join([f"<p>{paragraph}</p>\n" for paragraph in paragraphs]),
        lines="".join(
            [HTML_LINE.format_map({**item, "name": escape(item["name"]), "currency": currency}) for item in items]
        ),
        total=total,
        currency=currency,
        order_id=event["id"],
        sent_by=SENT_BY,
    )
    return subject, text, html


def _words(event: Event, reserved_until: datetime | None) -> tuple[str, ...]:
    """The subject and the paragraphs."""
    amount = f"{event['total']} {event['currency']}"
    if event["status"] == "pending":
        return (
            "We have received your order",
            "Thank you for your order. We are setting aside what you have chosen, and write again in a moment.",
        )
    if event["status"] == "paid":
        return (
            "We have received your payment",
            f"Thank you: {amount} have been paid. We are packing your order, and write again when it is on its way.",
        )
    if reserved_until is None:
        return "Your order is set aside for you", "Everything is in stock and was set aside for you."
    until = f"{reserved_until:%H:%M} UTC on {reserved_until.day} {reserved_until:%B %Y}"
    return (
        "Please pay for your order",
        f"Everything is in stock and set aside for you until {until}.",
        f"Please pay {amount} by then. Afterwards the order expires, and you owe nothing.",
    )


@lru_cache
def _wrapped(paragraph: str) -> str:
    """Many letters say the same."""
    return textwrap.fill(paragraph, WIDTH, break_long_words=False)
