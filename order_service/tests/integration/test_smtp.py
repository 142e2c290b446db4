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

from libs.process.ids import new_id
from libs.testing.proxy import Proxy
from order_service.core.settings import MailSettings
from order_service.domain.notices import Letter, Mail, MailPutOffError, MailRefusedError, PostOfficeAwayError
from order_service.gateways import mail as gateway
from order_service.gateways.mail import SmtpPostOffice
from order_service.tests.integration.mail_server import MailServer

ADA = "ada@example.com"
WRITTEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_mail() -> Mail:
    letter = Letter("We have received your order", "Hello ada,\n\n  Café chair\n.\n", "<p>Hello ada</p>\n")
    return Mail(new_id(), 2, letter, ADA, WRITTEN, attempts=0)


def office(server: MailServer, **settings: Any) -> SmtpPostOffice:
    known: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none"}
    return SmtpPostOffice(MailSettings(**{**known, "mail_from": "The Shop <shop@example.com>", **settings}))


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


def parts(mail: EmailMessage) -> dict[str, str]:
    return {part.get_content_type(): part.get_content() for part in mail.iter_parts()}


async def test_what_arrives(server: MailServer) -> None:
    mail, post = a_mail(), office(server)
    await post.post(mail, ADA)
    await post.close()
    (arrived,) = server.mails
    headers = {name: str(arrived[name]) for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted", "Date")}
    assert headers == {
        "From": "The Shop <shop@example.com>",
        "To": ADA,
        "Subject": "We have received your order",
        "Message-ID": f"<order-{mail.order_id}-2@example.com>",
        "Auto-Submitted": "auto-generated",
        "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
    }
    assert arrived.get_content_type() == "multipart/alternative"
    # The last is the best, for programs that can choose.
    assert list(parts(arrived)) == ["text/plain", "text/html"]
    assert parts(arrived)["text/plain"].replace("\r\n", "\n") == mail.letter.text


async def test_one_connection_serves_for_many(server: MailServer) -> None:
    post = office(server)
    for _ in range(3):
        await post.post(a_mail(), ADA)
    await post.close()
    assert (len(server.mails), server.connections) == (3, 1)
    # Whoever has said goodbye comes again.
    await post.post(a_mail(), ADA)
    await post.close()
    assert (len(server.mails), server.connections) == (4, 2)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such person", "553 no such address"])
async def test_a_recipient_who_is_refused_for_good(server: MailServer, answer: str) -> None:
    server.refusals[ADA] = answer
    post = office(server)
    with pytest.raises(MailRefusedError, match=answer):
        await post.post(a_mail(), ADA)
    # The next one goes through, on the same connection.
    await post.post(a_mail(), "bob@example.com")
    await post.close()
    assert [mail["To"] for mail in server.mails] == ["bob@example.com"]


async def test_a_recipient_who_is_refused_for_now(server: MailServer) -> None:
    server.refusals[ADA] = "451 4.7.1 greylisted, come back later"
    post = office(server)
    with pytest.raises(MailPutOffError, match="greylisted"):
        await post.post(a_mail(), ADA)
    server.refusals.clear()
    await post.post(a_mail(), ADA)
    await post.close()


@pytest.mark.parametrize(
    ("answer", "error"), [("554 looks like spam", MailRefusedError), ("452 disk full", MailPutOffError)]
)
async def test_a_mail_that_is_not_taken(server: MailServer, answer: str, error: type[Exception]) -> None:
    server.on_data = lambda _: answer
    post = office(server)
    with pytest.raises(error, match=answer):
        await post.post(a_mail(), ADA)
    await post.close()


async def test_what_a_server_says_can_be_kept_whatever_it_is(server: MailServer) -> None:
    server.on_data = lambda _: "554 no \udcff" + "x" * 1000
    post = office(server)
    with pytest.raises(MailRefusedError) as caught:
        await post.post(a_mail(), ADA)
    await post.close()
    said = str(caught.value)
    assert len(said) < 600
    said.encode()


async def test_a_server_that_is_away(server: MailServer) -> None:
    await server.stop()
    post = office(server)
    with pytest.raises(PostOfficeAwayError):
        await post.post(a_mail(), ADA)
    await server.start()
    await post.post(a_mail(), ADA)
    await post.close()


async def test_a_server_that_does_not_answer(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PATIENCE", 0.2)
    async with Proxy(f"smtp://127.0.0.1:{server.port}") as proxy:
        post = office(server, smtp_port=urlsplit(proxy.url).port)
        proxy.freeze()
        with pytest.raises(PostOfficeAwayError):
            await post.post(a_mail(), ADA)
        proxy.thaw()
        await post.post(a_mail(), ADA)
        proxy.freeze()
        # Nobody knows whether it was accepted.
        with pytest.raises(MailPutOffError):
            await post.post(a_mail(), ADA)
        proxy.thaw()
        await post.post(a_mail(), ADA)
        await post.close()


async def test_a_connection_that_is_lost_in_the_middle(server: MailServer) -> None:
    async with Proxy(f"smtp://127.0.0.1:{server.port}") as proxy:
        post = office(server, smtp_port=urlsplit(proxy.url).port)
        await post.post(a_mail(), ADA)
        await proxy.cut()
        with pytest.raises((MailPutOffError, PostOfficeAwayError)):
            await post.post(a_mail(), ADA)
        await proxy.restore()
        await post.post(a_mail(), ADA)
        await post.close()
    assert len(server.mails) == 2


async def test_a_sender_who_is_refused_is_everybodys_trouble(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(*_: object) -> str:
        return "550 not from you"

    monkeypatch.setattr(MailServer, "handle_MAIL", no, raising=False)
    post = office(server)
    with pytest.raises(PostOfficeAwayError, match="not from you"):
        await post.post(a_mail(), ADA)
    await post.close()


async def test_a_mail_that_is_too_large_is_nobody_elses_trouble(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(*_: object) -> str:
        return "552 5.3.4 message size exceeds fixed limit"

    monkeypatch.setattr(MailServer, "handle_MAIL", no, raising=False)
    post = office(server)
    with pytest.raises(MailRefusedError, match="size exceeds"):
        await post.post(a_mail(), ADA)
    await post.close()


async def test_an_address_beyond_ascii(server: MailServer) -> None:
    post = office(server)
    await post.post(a_mail(), "zoë@bücher.example")
    await post.close()
    assert [mail["To"] for mail in server.mails] == ["zoë@bücher.example"]


@pytest.mark.parametrize("address", ["ada@example.com\r\nBcc: eve@example.com", "ada@example.com> SIZE=1 <eve@x.com"])
async def test_an_address_that_is_none_is_refused(server: MailServer, address: str) -> None:
    post = office(server)
    with pytest.raises(MailRefusedError):
        await post.post(a_mail(), address)
    await post.close()
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
        post = office(server, **LOGIN)
        await post.post(a_mail(), ADA)
        await post.close()
        assert len(server.mails) == 1
        wrong = office(server, **{**LOGIN, "smtp_password": "guess"})
        with pytest.raises(PostOfficeAwayError, match="535") as caught:
            await wrong.post(a_mail(), ADA)
        assert "guess" not in str(caught.value)


async def test_a_server_whose_certificate_nobody_knows_gets_nothing(certificate: Certificate) -> None:
    async with MailServer(login=("shop", "secret"), tls=certificate.context) as server:
        with pytest.raises(PostOfficeAwayError):
            await office(server, **LOGIN).post(a_mail(), ADA)


async def test_nothing_is_sent_in_the_clear_that_should_not_be(server: MailServer) -> None:
    with pytest.raises(PostOfficeAwayError, match="STARTTLS"):
        await office(server, smtp_tls="starttls").post(a_mail(), ADA)
    assert server.mails == []
