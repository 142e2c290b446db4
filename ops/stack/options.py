"""What sort of stack."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StackOptions:
    apps: bool = True  # False: the servers alone, for tests that bring their own processes
    scratch: bool = False  # The data will be thrown away.
    observe: bool = False  # Prometheus runs beside it.
