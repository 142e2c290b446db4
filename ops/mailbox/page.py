"""The mails in a browser, and as JSON for programs.

What stands in a mail is somebody else's: it is escaped, and its HTML is shown in a frame that may load nothing, run
nothing and touch nothing.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from html import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ops.mailbox.mailbox import Mailbox, Summary

SHOWN = 200
PAGE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"}
MAIL = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
PLAIN = {"X-Content-Type-Options": "nosniff"}

STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #222 }
table { width: 100%; border-collapse: collapse } td, th { padding: .4rem .6rem; text-align: left; vertical-align: top }
tr { border-bottom: 1px solid #ddd } a { color: #06c } small { color: #666 } pre { white-space: pre-wrap }
iframe { width: 100%; height: 40rem; border: 1px solid #ddd } h1 { font-size: 1.4rem }
"""


def routes(inbox: Mailbox) -> list[Route]:
    def wanted(request: Request) -> Summary:
        mail = inbox.find(request.path_params["name"])
        if mail is None:
            raise HTTPException(404, "There is no such mail.")
        return mail

    async def overview(request: Request) -> Response:
        mails = inbox.newest_first(request.query_params.get("to"), SHOWN)
        rows = "".join(_row(mail) for mail in mails) or "<tr><td>No mail yet.</td></tr>"
        return _page("Mail", f"<h1>Mail</h1><table>{rows}</table>", refresh=True)

    async def listing(request: Request) -> Response:
        mails = inbox.newest_first(request.query_params.get("to"), SHOWN)
        return JSONResponse({"items": [asdict(mail) for mail in mails]})

    async def one(request: Request) -> Response:
        mail = wanted(request)
        text = inbox.part(mail, "plain") or ""
        return _page(mail.subject, _shown(mail, text))

    async def html(request: Request) -> Response:
        return HTMLResponse(_part(inbox, wanted(request), "html"), headers=MAIL)

    async def text(request: Request) -> Response:
        return PlainTextResponse(_part(inbox, wanted(request), "plain"), headers=PLAIN)

    async def raw(request: Request) -> Response:
        return Response(inbox.source(wanted(request)), media_type="text/plain; charset=utf-8", headers=PLAIN)

    async def ready(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [
        Route("/", overview),
        Route("/mails", listing),
        Route("/mails/{name}", one),
        Route("/mails/{name}/html", html),
        Route("/mails/{name}/text", text),
        Route("/mails/{name}/raw", raw),
        Route("/health/ready", ready),
    ]


def _part(inbox: Mailbox, mail: Summary, subtype: str) -> str:
    found = inbox.part(mail, subtype)
    if found is None:
        raise HTTPException(404, "The mail has no such part.")
    return found


def _row(mail: Summary) -> str:
    return (
        f"<tr><td><small>{_moment(mail)}</small></td><td>{escape(mail.to)}</td>"
        f'<td><a href="{_link(mail)}">{escape(mail.subject or "(no subject)")}</a></td></tr>'
    )


def _shown(mail: Summary, text: str) -> str:
    again = f" · has come {mail.copies} times" if mail.copies > 1 else ""
    raw = f'<a href="{_link(mail)}/raw">as it came</a>'
    return (
        f'<p><a href="/">All mail</a></p><h1>{escape(mail.subject)}</h1>'
        f"<p>from {escape(mail.sender)}<br>to {escape(mail.to)}<br>"
        f"<small>{_moment(mail)}{again} · {escape(mail.message_id)} · {raw}</small></p>"
        f'<iframe sandbox title="HTML" src="{_link(mail)}/html"></iframe><h2>As text</h2><pre>{escape(text)}</pre>'
    )


def _link(mail: Summary) -> str:
    return f"/mails/{mail.name}"


def _moment(mail: Summary) -> str:
    return f"{datetime.fromtimestamp(mail.received_at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _page(title: str, body: str, *, refresh: bool = False) -> HTMLResponse:
    again = '<meta http-equiv="refresh" content="5">' if refresh else ""
    head = f'<meta charset="utf-8">{again}<title>{escape(title)}</title><style>{STYLE}</style>'
    return HTMLResponse(f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>', headers=PAGE)
