"""What an e-mail address, a username and a password must be. Each rule raises ValueError."""

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# Names that mean something only at home, such as shop.local and shop.test, are used there.
SPECIAL_USE_DOMAIN_NAMES.clear()

USERNAME = re.compile(r"[A-Za-z0-9._-]{3,32}")
MIN_PASSWORD_CHARACTERS = 8
# bcrypt reads no further; a longer password would be cut in silence.
MAX_PASSWORD_BYTES = 72


def email_address(text: str) -> str:
    """Trimmed and in lower case, so that one mailbox has one spelling."""
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f"must be an e-mail address: {error}") from None
    return _one_spelling(found.normalized)


def username(text: str) -> str:
    if not USERNAME.fullmatch(text):
        raise ValueError("must be 3 to 32 of letters a-z, digits, '.', '_' and '-'")
    return text


def password(text: str) -> str:
    if len(text) < MIN_PASSWORD_CHARACTERS:
        raise ValueError(f"must have {MIN_PASSWORD_CHARACTERS} characters or more")
    if len(text.encode()) > MAX_PASSWORD_BYTES:
        raise ValueError(f"must have at most {MAX_PASSWORD_BYTES} bytes in UTF-8")
    return text


def login(text: str) -> str:
    """What somebody types who logs in, in the spelling that both e-mail addresses and usernames are found by."""
    return _one_spelling(text.strip())


def _one_spelling(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())
