"""Where a stack keeps its things. Everything lies below one folder, `.shop/` of the clone unless told otherwise."""

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class StackPaths:
    home: Path

    @property
    def state(self) -> Path:
        return self.home / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.home / "supervisor.lock"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def signing_key(self) -> Path:
        return self.home / "keys" / "jwt.pem"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def rabbitmq(self) -> Path:
        return self.home / "rabbitmq"

    @property
    def mail(self) -> Path:
        """Every mail that the shop has sent."""
        return self.home / "mail"

    @property
    def prometheus(self) -> Path:
        """What Prometheus has measured, where it runs."""
        return self.home / "prometheus"

    @property
    def test_runs(self) -> Path:
        return self.home / "test"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make(self) -> None:
        for folder in (self.home, self.logs, self.signing_key.parent):
            folder.mkdir(parents=True, exist_ok=True)


CLONE = StackPaths(REPOSITORY / ".shop")
