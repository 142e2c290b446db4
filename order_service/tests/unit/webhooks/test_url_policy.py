import asyncio
import threading

import httpx
import pytest

from order_service.webhooks.exceptions import WebhookUrlRefused
from order_service.webhooks.resolver import Resolver
from order_service.webhooks.settings import WebhookSettings
from order_service.webhooks.url_policy import ForbiddenAddressError, UrlPolicy, check_url, is_public

STRICT = WebhookSettings(webhooks_allow_http=False, webhooks_allow_private=False)
LAX = WebhookSettings(webhooks_allow_http=True, webhooks_allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "192.88.99.1",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "2001::1",
        "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001:80b::200e"])
def test_an_address_of_the_world_outside(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com", "https://example.com/", "https://example.com:8443/a/b?c=d&e=%20", "HTTPS://EXAMPLE.com",
        "https://xn--bcher-kva.example/", "https://a_b.example.com/x?y", "https://8.8.8.8/", "https://[2606:4700::1]:9/",
        "https://example.com?token=1",
    ],
)  # fmt: skip
def test_a_url_that_will_do(url: str) -> None:
    check_url(url, http_allowed=False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com", "https"),
        ("ftp://example.com", "https"),
        ("//example.com", "https"),
        ("https://user@example.com", "user"),
        ("https://user:password@example.com", "user"),
        ("https://example.com#part", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https://", "host"),
        ("https:example.com", "host"),
        ("https://exa mple.com", "ASCII"),
        ("https://example.com/\n", "ASCII"),
        ("https://example.com\\.evil.example/", "ASCII"),
        ("https://example.com/ä", "ASCII"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "port"),
        ("https://[::1/", "URL"),
    ],
)
def test_a_url_that_will_not(url: str, reason: str) -> None:
    with pytest.raises(WebhookUrlRefused, match=reason):
        check_url(url, http_allowed=False)


def test_http_where_it_is_allowed() -> None:
    check_url("http://example.com", http_allowed=True)


def leading_to(*addresses: str) -> Resolver:
    return Resolver(lambda _host, _port: addresses)


async def test_a_private_address_is_refused_at_registration() -> None:
    for receivers in (UrlPolicy(STRICT, leading_to("10.0.0.1")), UrlPolicy(STRICT)):
        with pytest.raises(WebhookUrlRefused, match="not public"):
            await receivers.check("https://127.0.0.1/")
    # However it is written.
    for url in ("https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://localhost/", "https://[::1]/"):
        with pytest.raises(WebhookUrlRefused):
            await UrlPolicy(STRICT).check(url)


async def test_where_settings_allow_it_so_be_it() -> None:
    await UrlPolicy(LAX, leading_to("10.0.0.1")).check("http://10.0.0.1/")


async def test_one_private_address_among_others_is_too_many() -> None:
    receivers = UrlPolicy(STRICT, leading_to("8.8.8.8", "10.0.0.1"))
    with pytest.raises(ForbiddenAddressError):
        await receivers.addresses(httpx.URL("https://example.com"))


async def test_a_setting_that_is_taken_back_holds_for_what_is_registered() -> None:
    with pytest.raises(ForbiddenAddressError):
        await UrlPolicy(STRICT, leading_to("8.8.8.8")).addresses(httpx.URL("http://example.com"))


async def test_a_name_that_nobody_knows_yet_may_be_registered() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    await UrlPolicy(STRICT, Resolver(fail)).check("https://soon.example.com/")


@pytest.mark.parametrize("host", ["xn--strae-oqa.example", "xn--i-7iq.example", "www.xn--strae-oqa.example"])
async def test_a_name_in_punycode_is_looked_up_as_it_was_registered(host: str) -> None:
    asked: list[str] = []

    def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"]

    await UrlPolicy(STRICT, Resolver(look_up)).check(f"https://{host}/")
    assert asked == [host]


async def test_a_name_can_be_looked_up_after_there_was_no_thread_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lookups = leading_to("8.8.8.8")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError):
            await lookups.resolve("example.com", 443)
    async with asyncio.timeout(10):
        assert await lookups.resolve("example.com", 443) == ("8.8.8.8",)


async def test_a_name_that_is_looked_up_for_long_holds_up_no_other() -> None:
    threads: list[str] = []
    released = threading.Event()

    def look_up(host: str, _port: int) -> list[str]:
        threads.append(host)
        if host == "slow.example":
            released.wait(30)
        return ["8.8.8.8"]

    lookups = Resolver(look_up)
    # More than any pool of threads has.
    waiting = [asyncio.create_task(lookups.resolve("slow.example", 443)) for _ in range(100)]
    await asyncio.sleep(0)
    impatient = waiting.pop()
    impatient.cancel()
    assert await lookups.resolve("quick.example", 443) == ["8.8.8.8"]
    released.set()
    assert await asyncio.gather(*waiting) == [["8.8.8.8"]] * 99
    assert sorted(threads) == ["quick.example", "slow.example"]
    assert await lookups.resolve("slow.example", 443) == ["8.8.8.8"]
