"""`/asyncapi` of each worker: the shop's events for a person, and `/asyncapi.json` for programs. Nothing is fetched."""

import json
import re
from functools import cache
from html import escape
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, JSONResponse

from libs import __version__
from libs.broker.topology import RETRY_DELAYS
from libs.contracts.asyncapi import document

Json = dict[str, Any]

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
section { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .5rem; }
section { padding: .25rem 1rem; margin: 1rem 0; }
h3 { margin: .5rem 0; overflow-wrap: anywhere; } code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .75rem; border-radius: .5rem; }
pre { background: color-mix(in srgb, currentColor 8%, transparent); }
ul { padding-left: 1.25rem; } a { color: inherit; }
"""

router = APIRouter(include_in_schema=False)


@router.get("/asyncapi.json")
async def asyncapi_json() -> JSONResponse:
    return JSONResponse(_document())


@router.get("/asyncapi")
async def asyncapi_page() -> HTMLResponse:
    return HTMLResponse(_page())


@cache
def _document() -> Json:
    """Made when it is asked for first, and once: a worker has other things to do."""
    return document(__version__, [delay.name for delay in RETRY_DELAYS])


@cache
def _page() -> str:
    return render(_document())


def render(api: Json) -> str:
    info, channels, components = api["info"], api["channels"], api["components"]
    events = [name for name, channel in channels.items() if channel["bindings"]["amqp"]["is"] == "routingKey"]
    queues = [name for name in channels if name not in events]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style>"
        f"<h1>{escape(info['title'])}</h1><p>Version {escape(info['version'])} · <a href=/asyncapi.json>AsyncAPI "
        f"{escape(api['asyncapi'])}</a></p><p>{escape(info['description'])}</p>"
        f"<h2>Events</h2>{''.join(_event(name, channels[name], components) for name in events)}"
        f"<h2>Queues</h2>{''.join(_queue(name, channels[name]) for name in queues)}"
    )


def _event(name: str, channel: Json, components: Json) -> str:
    exchange = channel["bindings"]["amqp"]["exchange"]["name"]
    payload = components["messages"][name]["payload"]
    schema = payload["properties"]["data"]["$ref"].rpartition("/")[2]
    return (
        f"<section id='{escape(name)}'><h3>{escape(name)}</h3>"
        f"<p>{escape(channel['description'])} Exchange <code>{escape(exchange)}</code>, routing key"
        f" <code>{escape(channel['address'])}</code>.</p>"
        f"<details><summary>Message</summary>{_schema(payload)}</details>"
        f"<details><summary>Data: {escape(schema)}</summary>"
        f"{_schema(components['schemas'][schema])}</details></section>"
    )


def _queue(name: str, channel: Json) -> str:
    links = "".join(f"<li><a href='#{escape(event)}'>{escape(event)}</a></li>" for event in channel["messages"])
    described = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(channel["description"]))
    return (
        f"<section id='{escape(name)}'><h3>{escape(name)}</h3><p>{described}</p>"
        f"<details><summary>{len(channel['messages'])} events</summary><ul>{links}</ul></details></section>"
    )


def _schema(schema: Json) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=2))}</pre>"
