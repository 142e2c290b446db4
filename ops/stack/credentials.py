"""The secrets of one stack, generated once and kept beside its data, for their owner's eyes only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self


def _new() -> str:
    # Letters, digits, "-" and "_": it goes into URLs as it is.
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Credentials:
    postgres: str = field(default_factory=_new)
    auth: str = field(default_factory=_new)
    catalog: str = field(default_factory=_new)
    order: str = field(default_factory=_new)
    rabbitmq: str = field(default_factory=_new)
    erlang_cookie: str = field(default_factory=_new)
    admin: str = field(default_factory=_new)
    payment_webhook: str = field(default_factory=_new)

    @classmethod
    def at(cls, path: Path) -> Self:
        """What is stored there; what is missing is made and stored."""
        stored = json.loads(path.read_text()) if path.exists() else {}
        known = {each.name for each in fields(cls)}
        made = cls(**{name: value for name, value in stored.items() if name in known})
        write_private(path, json.dumps(asdict(made), indent=2))
        return made


def write_private(path: Path, text: str) -> None:
    """Replaces a file at once and never lets others read it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    temporary.replace(path)
