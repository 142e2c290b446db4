"""All mail of a shop in development, one `.eml` file each."""

import hashlib
import re
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import islice
from pathlib import Path

MAX_MESSAGES = 2000
"""The newest. Nobody needs the mails of all test runs."""

MAX_HEADER_LENGTH = 2000
"""As much of one is read. Reading takes much longer the longer it is."""

# A name that stays in its folder, and means the same in an address.
_HARMLESS = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_@.-]{0,119}")


@dataclass(frozen=True)
class Summary:
    name: str
    """Of its file, made from its Message-ID: a mail that comes again takes its own place."""
    message_id: str
    to: str
    sender: str
    subject: str
    date: str
    received_at: float
    copies: int
    """How often it has come since this inbox was opened."""


class Mailbox:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        files = sorted((file.stat().st_mtime, file) for file in folder.glob("*.eml"))
        # The oldest first, as they came.
        self._mails = {file.stem: _summary(file.stem, file.read_bytes(), at, 1) for at, file in files}

    def store(self, content: bytes) -> None:
        name = _name(content)
        known = self._mails.pop(name, None)
        # A reader finds the old mail or the new one, and never half of it.
        incoming = self._folder / ".incoming"
        incoming.write_bytes(content)
        incoming.replace(self._file(name))
        self._mails[name] = _summary(name, content, time.time(), 1 + (known.copies if known else 0))
        while len(self._mails) > MAX_MESSAGES:
            oldest = next(iter(self._mails))
            del self._mails[oldest]
            self._file(oldest).unlink(missing_ok=True)

    def newest_first(self, to: str | None, limit: int) -> list[Summary]:
        found = (mail for mail in reversed(self._mails.values()) if to is None or mail.to == to)
        return list(islice(found, limit))

    def find(self, name: str) -> Summary | None:
        return self._mails.get(name)

    def source(self, mail: Summary) -> bytes:
        return self._file(mail.name).read_bytes()

    def part(self, mail: Summary, subtype: str) -> str | None:
        """Its text, "plain" or "html"; None also where nobody can make it out."""
        try:
            part = message_from_bytes(self.source(mail), policy=policy.default).get_body((subtype,))
            return None if part is None else _written(str(part.get_content()))
        except Exception:  # noqa: BLE001 - the parser raises anything: a mail may name any encoding, and nest deeply.
            return None

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.eml"


def _name(content: bytes) -> str:
    given = _header(_headers(content), "Message-ID").strip(" <>")
    if _HARMLESS.fullmatch(given):
        return given
    return hashlib.sha256(given.encode() or content).hexdigest()


def _headers(content: bytes) -> Message:
    # The only policy that looks into no header by itself.
    return BytesHeaderParser(policy=policy.compat32).parsebytes(content)


def _header(headers: Message, name: str) -> str:
    """What it says, or as it came where nobody can make that out."""
    lines = (value for field, value in headers.raw_items() if field.lower() == name.lower())
    given = str(next(lines, ""))[:MAX_HEADER_LENGTH]
    try:
        return _written(str(policy.default.header_fetch_parse(name, given)))
    except Exception:  # noqa: BLE001 - the parser raises anything, an IndexError for "To: <".
        return _written(" ".join(given.split()))


def _written(text: str) -> str:
    """Without signs that would stop whoever writes them out."""
    return text.encode(errors="replace").decode()


def _summary(name: str, content: bytes, received_at: float, copies: int) -> Summary:
    headers = _headers(content)
    message_id, to, sender, subject, date = (
        _header(headers, field) for field in ("Message-ID", "To", "From", "Subject", "Date")
    )
    return Summary(name, message_id, to, sender, subject, date, received_at, copies)
