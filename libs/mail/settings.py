"""Which mail server mails are handed to."""

import re
from email.utils import getaddresses
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings


class MailSettings(BaseSettings):
    smtp_host: str
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="from the start, after STARTTLS, or none; never less than is said here"
    )
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = Field(description="Name <address> or an address alone")

    @model_validator(mode="after")
    def _a_login_is_whole(self) -> Self:
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD belong together")
        return self

    @field_validator("mail_from")
    @classmethod
    def _is_one_address(cls, given: str) -> str:
        found = getaddresses([given])
        if len(found) != 1 or not re.fullmatch(r"[^@\s]+@[^@\s]+", found[0][1]) or not given.isprintable():
            raise ValueError("must be one e-mail address, with or without a name")
        return given

    @property
    def sender(self) -> str:
        """The address alone."""
        return getaddresses([self.mail_from])[0][1]
