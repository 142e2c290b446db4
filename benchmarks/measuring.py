"""From a running program and a supply of requests to a sample."""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat

from benchmarks.comparison import Measure, Sample
from benchmarks.load import CONNECTIONS, load
from benchmarks.programs import Program


def again_and_again(requests: Sequence[bytes]) -> Iterator[bytes]:
    return chain.from_iterable(repeat(requests))


def requests_to(program: Program, requests: Iterator[bytes], connections: int = CONNECTIONS) -> Measure:
    """Requests a second and their times, with the CPU time of the program."""

    async def measure(seconds: float) -> Sample:
        marks: list[float] = []
        answers = await load(
            program.url,
            requests,
            seconds,
            connections=connections,
            mark=lambda: marks.append(program.cpu_seconds()),
        )
        began, ended = marks
        return Sample(
            per_second=answers.per_second,
            cpu_us=(ended - began) / len(answers.milliseconds) * 1e6,
            p50_ms=answers.percentile(0.5),
            p99_ms=answers.percentile(0.99),
        )

    return measure
