"""What mail servers answer, and what the shop makes of it."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from libs.mail import smtp
from libs.mail.message import (
    EmailContent,
    MailRefusedError,
    MailServerUnavailable,
    OutgoingEmail,
    TemporaryMailError,
)
from libs.mail.settings import MailSettings
from libs.mail.smtp import SmtpTransport
from libs.mail.tests.mail_server import MailServer
from libs.process.ids import new_id
from libs.testing.proxy import Proxy

ADA = "ada@example.com"
WRITTEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_mail(to: str = ADA) -> OutgoingEmail:
    content = EmailContent("We have received your order", "Hello ada,\n\n  Café chair\n.\n", "<p>Hello ada</p>\n")
    return OutgoingEmail(f"order-{new_id()}-2", to, content, WRITTEN)


def transport(server: MailServer, **settings: Any) -> SmtpTransport:
    known: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none"}
    return SmtpTransport(MailSettings(**{**known, "mail_from": "The Shop <shop@example.com>", **settings}))


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


def parts(mail: EmailMessage) -> dict[str, str]:
    return {part.get_content_type(): part.get_content() for part in mail.iter_parts()}


async def test_what_arrives(server: MailServer) -> None:
    mail, mails = a_mail(), transport(server)
    await mails.send(mail)
    await mails.close()
    (arrived,) = server.mails
    headers = {name: str(arrived[name]) for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted", "Date")}
    assert headers == {
        "From": "The Shop <shop@example.com>",
        "To": ADA,
        "Subject": "We have received your order",
        "Message-ID": f"<{mail.name}@example.com>",
        "Auto-Submitted": "auto-generated",
        "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
    }
    assert arrived.get_content_type() == "multipart/alternative"
    # The last is the best, for programs that can choose.
    assert list(parts(arrived)) == ["text/plain", "text/html"]
    assert parts(arrived)["text/plain"].replace("\r\n", "\n") == mail.content.text


async def test_one_connection_serves_for_many(server: MailServer) -> None:
    mails = transport(server)
    for _ in range(3):
        await mails.send(a_mail())
    await mails.close()
    assert (len(server.mails), server.connections) == (3, 1)
    # Whoever has said goodbye comes again.
    await mails.send(a_mail())
    await mails.close()
    assert (len(server.mails), server.connections) == (4, 2)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such person", "553 no such address"])
async def test_a_recipient_who_is_refused_for_good(server: MailServer, answer: str) -> None:
    server.refusals[ADA] = answer
    mails = transport(server)
    with pytest.raises(MailRefusedError, match=answer):
        await mails.send(a_mail())
    # The next one goes through, on the same connection.
    await mails.send(a_mail("bob@example.com"))
    await mails.close()
    assert [mail["To"] for mail in server.mails] == ["bob@example.com"]


async def test_a_recipient_who_is_refused_for_now(server: MailServer) -> None:
    server.refusals[ADA] = "451 4.7.1 greylisted, come back later"
    mails = transport(server)
    with pytest.raises(TemporaryMailError, match="greylisted"):
        await mails.send(a_mail())
    server.refusals.clear()
    await mails.send(a_mail())
    await mails.close()


@pytest.mark.parametrize(
    ("answer", "error"), [("554 looks like spam", MailRefusedError), ("452 disk full", TemporaryMailError)]
)
async def test_a_mail_that_is_not_taken(server: MailServer, answer: str, error: type[Exception]) -> None:
    server.on_data = lambda _: answer
    mails = transport(server)
    with pytest.raises(error, match=answer):
        await mails.send(a_mail())
    await mails.close()


async def test_what_a_server_says_can_be_kept_whatever_it_is(server: MailServer) -> None:
    server.on_data = lambda _: "554 no \udcff" + "x" * 1000
    mails = transport(server)
    with pytest.raises(MailRefusedError) as caught:
        await mails.send(a_mail())
    await mails.close()
    said = str(caught.value)
    assert len(said) < 600
    said.encode()


async def test_a_server_that_is_away(server: MailServer) -> None:
    await server.stop()
    mails = transport(server)
    with pytest.raises(MailServerUnavailable):
        await mails.send(a_mail())
    await server.start()
    await mails.send(a_mail())
    await mails.close()


async def test_a_server_that_does_not_answer(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "ANSWER_TIMEOUT", 0.2)
    async with Proxy(f"smtp://127.0.0.1:{server.port}") as proxy:
        mails = transport(server, smtp_port=urlsplit(proxy.url).port)
        proxy.freeze()
        with pytest.raises(MailServerUnavailable):
            await mails.send(a_mail())
        proxy.thaw()
        await mails.send(a_mail())
        proxy.freeze()
        # Nobody knows whether it was accepted.
        with pytest.raises(TemporaryMailError):
            await mails.send(a_mail())
        proxy.thaw()
        await mails.send(a_mail())
        await mails.close()


async def test_a_connection_that_is_lost_in_the_middle(server: MailServer) -> None:
    async with Proxy(f"smtp://127.0.0.1:{server.port}") as proxy:
        mails = transport(server, smtp_port=urlsplit(proxy.url).port)
        await mails.send(a_mail())
        await proxy.cut()
        with pytest.raises((TemporaryMailError, MailServerUnavailable)):
            await mails.send(a_mail())
        await proxy.restore()
        await mails.send(a_mail())
        await mails.close()
    assert len(server.mails) == 2


async def test_a_sender_who_is_refused_is_everybodys_trouble(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(*_: object) -> str:
        return "550 not from you"

    monkeypatch.setattr(MailServer, "handle_MAIL", no, raising=False)
    mails = transport(server)
    with pytest.raises(MailServerUnavailable, match="not from you"):
        await mails.send(a_mail())
    await mails.close()


async def test_a_mail_that_is_too_large_is_nobody_elses_trouble(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(*_: object) -> str:
        return "552 5.3.4 message size exceeds fixed limit"

    monkeypatch.setattr(MailServer, "handle_MAIL", no, raising=False)
    mails = transport(server)
    with pytest.raises(MailRefusedError, match="size exceeds"):
        await mails.send(a_mail())
    await mails.close()


async def test_an_address_beyond_ascii(server: MailServer) -> None:
    mails = transport(server)
    await mails.send(a_mail("zoë@bücher.example"))
    await mails.close()
    assert [mail["To"] for mail in server.mails] == ["zoë@bücher.example"]


@pytest.mark.parametrize("address", ["ada@example.com\r\nBcc: eve@example.com", "ada@example.com> SIZE=1 <eve@x.com"])
async def test_an_address_that_is_none_is_refused(server: MailServer, address: str) -> None:
    mails = transport(server)
    with pytest.raises(MailRefusedError):
        await mails.send(a_mail(address))
    await mails.close()
    assert server.mails == []


class Certificate:
    """For 127.0.0.1, and by itself."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(days=1))
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.path = folder / "mail.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.path.write_bytes(private + certificate.public_bytes(Encoding.PEM))

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


LOGIN: dict[str, Any] = {"smtp_tls": "starttls", "smtp_username": "shop", "smtp_password": "secret"}


async def test_a_server_that_wants_a_login(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    async with MailServer(login=("shop", "secret"), tls=certificate.context) as server:
        mails = transport(server, **LOGIN)
        await mails.send(a_mail())
        await mails.close()
        assert len(server.mails) == 1
        wrong = transport(server, **{**LOGIN, "smtp_password": "guess"})
        with pytest.raises(MailServerUnavailable, match="535") as caught:
            await wrong.send(a_mail())
        assert "guess" not in str(caught.value)


async def test_a_server_whose_certificate_nobody_knows_gets_nothing(certificate: Certificate) -> None:
    async with MailServer(login=("shop", "secret"), tls=certificate.context) as server:
        with pytest.raises(MailServerUnavailable):
            await transport(server, **LOGIN).send(a_mail())


async def test_nothing_is_sent_in_the_clear_that_should_not_be(server: MailServer) -> None:
    with pytest.raises(MailServerUnavailable, match="STARTTLS"):
        await transport(server, smtp_tls="starttls").send(a_mail())
    assert server.mails == []
