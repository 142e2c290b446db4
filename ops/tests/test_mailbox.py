"""The post office: what is handed in can be read, and comes to nobody's harm."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from aiosmtplib import SMTP, SMTPDataError
from starlette.applications import Starlette

from ops.mailbox import mailbox as inboxes
from ops.mailbox.mailbox import Mailbox
from ops.mailbox.page import routes
from ops.mailbox.smtp import smtp_server
from ops.stack.ports import HOST


def a_mail(message_id: str | None = "<order-1@example.com>", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in {"From": "shop@example.com", "To": "ada@example.com", "Subject": "Hello", **headers}.items():
        mail[name] = value
    if message_id is not None:
        mail["Message-ID"] = message_id
    mail.set_content("The text & more\n")
    mail.add_alternative("<p>The text &amp; <b>more</b></p>", subtype="html")
    return mail


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def inbox(folder: Path) -> Mailbox:
    return Mailbox(folder)


@pytest.fixture
async def page(inbox: Mailbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=routes(inbox)))
    async with httpx.AsyncClient(transport=transport, base_url="http://mail") as page:
        yield page


async def test_what_is_posted_can_be_read(inbox: Mailbox, folder: Path, page: httpx.AsyncClient) -> None:
    async with smtp_server(inbox, HOST, 0) as port, SMTP(hostname=HOST, port=port, local_hostname="test") as server:
        await server.send_message(a_mail())
    (item,) = (await page.get("/mails")).json()["items"]
    wanted = {"name": "order-1@example.com", "to": "ada@example.com", "subject": "Hello", "copies": 1}
    assert {name: item[name] for name in wanted} == wanted
    assert (await page.get(f"/mails/{item['name']}/text")).text.splitlines() == ["The text & more"]
    assert "<b>more</b>" in (await page.get(f"/mails/{item['name']}/html")).text
    assert "Subject: Hello" in (await page.get(f"/mails/{item['name']}/raw")).text
    assert (folder / "order-1@example.com.eml").exists()


async def test_many_at_once(inbox: Mailbox) -> None:
    async def post(port: int, number: int) -> None:
        async with SMTP(hostname=HOST, port=port, local_hostname="test") as server:
            await server.send_message(a_mail(f"<{number}@example.com>"))

    async with smtp_server(inbox, HOST, 0) as port:
        await asyncio.gather(*(post(port, number) for number in range(20)))
    assert {mail.message_id for mail in inbox.newest_first(None, 100)} == {f"<{n}@example.com>" for n in range(20)}


def test_a_mail_that_comes_again_takes_its_own_place(inbox: Mailbox, folder: Path) -> None:
    for mail in (a_mail(), a_mail("<other@example.com>"), a_mail()):
        inbox.store(mail.as_bytes())
    found = inbox.newest_first(None, 10)
    assert [(mail.name, mail.copies) for mail in found] == [("order-1@example.com", 2), ("other@example.com", 1)]
    assert len(list(folder.glob("*.eml"))) == 2


def test_an_inbox_that_is_opened_again_has_what_it_had(inbox: Mailbox, folder: Path) -> None:
    for number in range(3):
        inbox.store(a_mail(f"<{number}@example.com>").as_bytes())
    before = [(mail.name, mail.subject) for mail in inbox.newest_first(None, 10)]
    assert [(mail.name, mail.subject) for mail in Mailbox(folder).newest_first(None, 10)] == before


def test_only_the_newest_are_kept(inbox: Mailbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MAX_MESSAGES", 2)
    for number in range(4):
        inbox.store(a_mail(f"<{number}@example.com>").as_bytes())
    assert [mail.message_id for mail in inbox.newest_first(None, 10)] == ["<3@example.com>", "<2@example.com>"]
    assert {file.stem for file in folder.glob("*.eml")} == {"2@example.com", "3@example.com"}


@pytest.mark.parametrize("message_id", ["<../../escaped>", "<.hidden>", "</etc/passwd>", "<" + "x" * 500 + ">", None])
def test_no_name_leads_out_of_the_folder(inbox: Mailbox, folder: Path, message_id: str | None) -> None:
    inbox.store(a_mail(message_id).as_bytes())
    (mail,) = inbox.newest_first(None, 10)
    assert [file.stem for file in folder.parent.rglob("*.eml")] == [mail.name]
    assert b"Subject: Hello" in inbox.source(mail)


def test_one_persons_mail_alone(inbox: Mailbox) -> None:
    inbox.store(a_mail().as_bytes())
    inbox.store(a_mail("<2@example.com>", To="bob@example.com").as_bytes())
    assert [mail.to for mail in inbox.newest_first("bob@example.com", 10)] == ["bob@example.com"]


async def test_what_is_in_a_mail_is_shown_and_not_run(inbox: Mailbox, page: httpx.AsyncClient) -> None:
    nasty = "<script>alert(1)</script>"
    inbox.store(a_mail(Subject=nasty, To=f'"{nasty}" <ada@example.com>').as_bytes())
    for path in ("/", "/mails/order-1@example.com"):
        response = await page.get(path)
        assert nasty not in response.text
        assert "&lt;script&gt;" in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]
    html = await page.get("/mails/order-1@example.com/html")
    assert html.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


async def test_bytes_that_mean_nothing_are_listed_too(inbox: Mailbox, page: httpx.AsyncClient) -> None:
    inbox.store(b"Subject: \xff\xfe\x00\r\n\r\n\xff")
    (item,) = (await page.get("/mails")).json()["items"]
    assert (await page.get("/")).status_code == 200
    assert (await page.get(f"/mails/{item['name']}/raw")).content.endswith(b"\xff")


@pytest.mark.parametrize(
    "header",
    [
        b"To: <",
        b"To: a@[",
        b"To: " + b"(" * 900,
        b'From: ,;:"',
        b"Message-ID: <",
        b"Message-ID: \xff",
        b"Subject: =?unicode_escape?q?=5Cud800?=",
        b"Date: Mon, 99 Foo 99999999999",
        b"Content-Type: text/plain; " + b"(" * 900,
        b"Content-Type: text/plain; charset=none",
        b"Content-Type: text/plain; charset=rot13",
        b'Content-Type: text/plain; charset="a\x00b"',
        b"Content-Type: multipart/mixed",
        b"Content-Type: text/html; charset=unicode_escape\r\n\r\n\\ud800",
        pytest.param(
            b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(400)),
            marks=pytest.mark.full,
            id="parts in parts",
        ),
    ],
)
async def test_a_mail_that_nobody_can_make_out_stops_nothing(
    inbox: Mailbox, folder: Path, page: httpx.AsyncClient, header: bytes
) -> None:
    content = header + b"\r\n\r\nText"
    inbox.store(content)
    (mail,) = Mailbox(folder).newest_first(None, 10)
    listed = (await page.get("/mails")).json()["items"]
    assert [(item["name"], item["subject"]) for item in listed] == [(mail.name, mail.subject)]
    for path in ("/", f"/mails/{mail.name}"):
        assert (await page.get(path)).status_code == 200
    for part in ("text", "html"):
        assert (await page.get(f"/mails/{mail.name}/{part}")).status_code in (200, 404)
    assert (await page.get(f"/mails/{mail.name}/raw")).content == content


async def test_an_endless_header_takes_no_longer(inbox: Mailbox) -> None:
    people = b",\r\n ".join(b"%d@example.com" % number for number in range(20_000))
    async with asyncio.timeout(2):
        await asyncio.to_thread(inbox.store, b"Subject: Hello\r\nTo: " + people + b"\r\n\r\nText")
    (mail,) = inbox.newest_first(None, 10)
    assert mail.subject == "Hello"
    assert mail.to.startswith("0@example.com, 1@example.com")


async def test_a_mail_for_which_there_is_no_room_may_come_again(inbox: Mailbox, folder: Path) -> None:
    await asyncio.to_thread(folder.rmdir)
    async with smtp_server(inbox, HOST, 0) as port, SMTP(hostname=HOST, port=port, local_hostname="test") as server:
        with pytest.raises(SMTPDataError) as caught:
            await server.send_message(a_mail())
        assert caught.value.code == 451
        await asyncio.to_thread(folder.mkdir)
        await server.send_message(a_mail())
    assert [mail.copies for mail in inbox.newest_first(None, 10)] == [1]


@pytest.mark.parametrize("path", ["/mails/none", "/mails/none/html", "/mails/..%2f..%2fetc/raw"])
async def test_what_is_not_there(page: httpx.AsyncClient, path: str) -> None:
    assert (await page.get(path)).status_code == 404
