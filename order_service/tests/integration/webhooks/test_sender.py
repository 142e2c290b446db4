"""One request to one receiver: where it goes, and what it says."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from libs.process.ids import new_id
from libs.testing.ports import free_port
from order_service.tests.integration.webhooks.receiver import Receiver, says
from order_service.webhooks.delivery import DeliveryAttempt
from order_service.webhooks.resolver import Resolver
from order_service.webhooks.sender import HttpSender
from order_service.webhooks.settings import WebhookSettings
from order_service.webhooks.url_policy import UrlPolicy
from order_service.webhooks.webhook import Secret

STRICT = WebhookSettings(webhooks_allow_http=True, webhooks_allow_private=False)
LAX = WebhookSettings(webhooks_allow_http=True, webhooks_allow_private=True)
NAME = "books.example"


def sending(*answers: Sequence[str], settings: WebhookSettings = LAX, tls: ssl.SSLContext | None = None) -> HttpSender:
    """`answers` are the addresses that each look-up gives."""
    left = iter(answers)
    return HttpSender(UrlPolicy(settings, Resolver(lambda _host, _port: next(left))), tls)


def dispatch(url: str) -> DeliveryAttempt:
    return DeliveryAttempt(new_id(), new_id(), new_id(), url, (Secret.generate(),), new_id(), '{"a": "ä"}', 1)


class Certificate:
    """For `NAME` alone, and by itself."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(days=1))
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        path = folder / "receiver.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(path)
        self.client = ssl.create_default_context(cafile=str(path))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


async def test_it_connects_to_the_address_and_speaks_of_the_name(receiver: Receiver) -> None:
    answer = await sending(["127.0.0.1"]).send(dispatch(f"http://{NAME}:{receiver.port}/a/b%20c?d=e"))
    assert (answer.status, answer.error) == (204, None)
    (request,) = receiver.requests
    assert (request.target, request.headers["host"]) == ("/a/b%20c?d=e", f"{NAME}:{receiver.port}")
    assert request.body.decode() == '{"a": "ä"}'


async def test_a_name_that_changes_its_mind_reaches_nothing_private(receiver: Receiver) -> None:
    """It was public when it was registered."""
    sender = sending(["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], settings=STRICT)
    for _ in range(2):
        answer = await sender.send(dispatch(f"http://{NAME}:{receiver.port}/"))
        assert (answer.status, answer.error) == (None, "not sent: it leads into a network that is not public")
    assert receiver.requests == []


async def test_a_name_is_looked_up_once_for_each_attempt(receiver: Receiver) -> None:
    """Who checks one answer and connects to the next has checked nothing."""
    answer = await sending(["127.0.0.1"]).send(dispatch(f"http://{NAME}:{receiver.port}/"))
    assert answer.status == 204


async def test_a_redirect_leads_nowhere(receiver: Receiver) -> None:
    async with Receiver(says(302, b"", f"Location: {receiver.url}".encode(), b"Set-Cookie: a=b")) as other:
        sender = sending(["127.0.0.1"], ["127.0.0.1"])
        for _ in range(2):
            answer = await sender.send(dispatch(f"http://{NAME}:{other.port}/"))
            assert answer.status == 302
    assert receiver.requests == []
    assert [request.headers.get("cookie") for request in other.requests] == [None, None]


async def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    answer = await sending(["127.0.0.1"]).send(dispatch(f"http://{NAME}:{receiver.port}/"))
    assert answer.status == 204


async def test_of_several_addresses_the_next_one_is_tried(receiver: Receiver) -> None:
    answer = await sending(["127.0.0.2", "127.0.0.1"]).send(dispatch(f"http://{NAME}:{receiver.port}/"))
    assert (answer.status, len(receiver.requests)) == (204, 1)


async def test_nobody_listens() -> None:
    answer = await sending(["127.0.0.1"]).send(dispatch(f"http://{NAME}:{free_port()}/"))
    assert answer.status is None
    assert (answer.error or "").startswith("cannot connect")


async def test_a_certificate_is_of_the_name(certificate: Certificate) -> None:
    async with Receiver(tls=certificate.server) as receiver:
        sender = sending(["127.0.0.1"], ["127.0.0.1"], tls=certificate.client)
        assert (await sender.send(dispatch(f"https://{NAME}:{receiver.port}/"))).status == 204
        answer = await sender.send(dispatch(f"https://other.example:{receiver.port}/"))
    assert answer.status is None
    assert "other.example" in (answer.error or "")
    assert len(receiver.requests) == 1


async def test_a_certificate_that_nobody_knows_gets_nothing(certificate: Certificate) -> None:
    async with Receiver(tls=certificate.server) as receiver:
        answer = await sending(["127.0.0.1"]).send(dispatch(f"https://{NAME}:{receiver.port}/"))
    assert answer.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in (answer.error or "")
    assert receiver.requests == []


async def test_who_never_speaks_tls_keeps_no_connection(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_service.webhooks.sender.CONNECT_TIMEOUT", 0.2)
    closed = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read()
        writer.close()
        closed.set()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        answer = await sending(["127.0.0.1"], tls=certificate.client).send(dispatch(f"https://{NAME}:{port}/"))
        await asyncio.wait_for(closed.wait(), 5)
    assert (answer.error or "").startswith("cannot connect in time")


async def test_nothing_that_is_packed_is_unpacked(receiver: Receiver) -> None:
    receiver.behaviour = says(500, b"\x1f\x8b\x08", b"Content-Encoding: gzip")
    answer = await sending(["127.0.0.1"]).send(dispatch(f"http://{NAME}:{receiver.port}/"))
    assert (answer.status, answer.body) == (500, "\x1f\ufffd\x08")
    assert receiver.requests[0].headers["accept-encoding"] == "identity"
