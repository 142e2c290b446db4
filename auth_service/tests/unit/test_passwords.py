import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import bcrypt
import pytest

from auth_service.core.passwords import NICENESS, BcryptPasswordHasher
from auth_service.core.settings import Settings
from auth_service.exceptions import TooManyPasswords


@pytest.fixture
def passwords() -> Iterator[BcryptPasswordHasher]:
    made = BcryptPasswordHasher(cost=4, threads=1, waiting=2)
    yield made
    made.close()


async def test_only_the_password_itself_matches(passwords: BcryptPasswordHasher) -> None:
    async with passwords.slot() as turn:
        hashed = await turn.hash("x" * 71 + "a")
        assert hashed != await turn.hash("x" * 71 + "a")
        assert await turn.matches("x" * 71 + "a", hashed)
        assert not await turn.matches("x" * 71 + "b", hashed)
        assert not await turn.matches("x" * 71 + "ab", hashed)
        assert not await turn.matches("", hashed)


async def test_nobodys_password_matches_nothing(passwords: BcryptPasswordHasher) -> None:
    async with passwords.slot() as turn:
        assert not await turn.matches("nobody's", None)


async def test_a_line_that_is_too_long_is_refused(passwords: BcryptPasswordHasher) -> None:
    done = asyncio.Event()

    async def stay() -> None:
        async with passwords.slot():
            await done.wait()

    staying = [asyncio.create_task(stay()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyPasswords) as refusal:
        async with passwords.slot():
            raise AssertionError("nobody's turn")
    assert refusal.value.retry_after == 1
    done.set()
    await asyncio.gather(*staying)
    async with passwords.slot():
        pass


async def test_others_go_on_while_a_password_is_checked(passwords: BcryptPasswordHasher) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    async with passwords.slot() as turn:
        await turn.hash("12345678")
    ticking.cancel()
    assert ticks > 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads are equal")
async def test_whoever_hashes_leaves_the_processor_to_whoever_answers(
    passwords: BcryptPasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def its_niceness(*_: object) -> bytes:
        return str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).encode()

    monkeypatch.setattr(bcrypt, "hashpw", its_niceness)
    async with passwords.slot() as turn:
        assert int(await turn.hash("secret")) == max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads are equal")
async def test_where_it_must_not_stand_back_it_hashes_all_the_same(
    passwords: BcryptPasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbid)
    async with passwords.slot() as turn:
        assert await turn.matches("secret", await turn.hash("secret"))


async def test_passwords_are_hashed_at_the_cost_of_the_default() -> None:
    """Tests hash at the least cost elsewhere; a shop does not."""
    cost = Settings.model_fields["bcrypt_cost"].default
    passwords = BcryptPasswordHasher(cost=cost, threads=1, waiting=1)
    async with passwords.slot() as slot:
        hashed = await slot.hash("correct horse")
        assert hashed.startswith("$2b$12$")
        assert await slot.matches("correct horse", hashed)
    passwords.close()
