"""What a soak says and leaves behind, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.faults import soak
from tests.faults.cluster import Cluster
from tests.faults.write_log import Findings, WriteLog


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a soak at a shop in which there is nothing to be hurt."""
    folder = tmp_path / "soak"
    folder.mkdir()
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: str(folder))

    @asynccontextmanager
    async def databases() -> AsyncIterator[None]:
        yield

    @asynccontextmanager
    async def opened(_: Path) -> AsyncIterator[object]:
        ledger = WriteLog()
        ledger.acknowledged = 12
        yield SimpleNamespace(ledger=ledger, databases=databases)

    async def check_invariants(ledger: WriteLog, _: object) -> Findings:
        return Findings(ledger.acknowledged, lost=["a lamp"])

    monkeypatch.setattr(Cluster, "open", opened)
    monkeypatch.setattr(soak, "check_invariants", check_invariants)
    return folder


@pytest.mark.parametrize(
    ("ends_with", "code", "stays"),
    [
        (None, 0, False),
        (AssertionError("a lamp is lost"), soak.FOUND, True),
        (asyncio.CancelledError(), soak.INTERRUPTED, False),
        (RuntimeError("nobody thought of this"), None, True),
    ],
)
def test_it_ends_with_its_seed_and_four_numbers(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ends_with: BaseException | None,
    code: int | None,
    stays: bool,
) -> None:
    async def spell(*_: object) -> None:
        if ends_with is not None:
            raise ends_with

    monkeypatch.setattr(soak, "spell", spell)
    if code is None:
        with pytest.raises(RuntimeError, match="nobody thought of this"):
            soak.main("--seed", "7", "--minutes", "0")
    else:
        assert soak.main("--seed", "7", "--minutes", "0") == code
    *_, numbers, last = (line for line in capsys.readouterr().out.splitlines() if "a lamp" not in line)
    assert "12 writes acknowledged, 1 lost, 0 duplicated, 0 unexpected" in numbers
    assert "seed 7" in last
    assert (folder.exists(), str(folder) in last) == (stays, stays)


async def test_databases_that_are_away_keep_nobody_from_telling_what_is_known(folder: Path) -> None:
    del folder

    def away() -> None:
        raise OSError("no route")

    async with Cluster.open(Path()) as stage:
        known = SimpleNamespace(ledger=stage.ledger, databases=away)
        said = await soak._numbers(known)  # type: ignore[arg-type] # noqa: SLF001 - what is printed when nothing else can be
    assert ("12 writes acknowledged" in said, "0 lost" in said, "no route" in said) == (True, False, True)
