"""Types of fields, with the rules of the domain."""

from typing import Annotated

from pydantic import AfterValidator, Field

from auth_service.domain import credentials
from libs.http.fields import Text

Email = Annotated[
    Text,
    Field(max_length=320, json_schema_extra={"format": "email"}),
    AfterValidator(credentials.email_address),
]
Username = Annotated[
    Text,
    Field(json_schema_extra={"minLength": 3, "maxLength": 32, "pattern": f"^{credentials.USERNAME.pattern}$"}),
    AfterValidator(credentials.username),
]
NewPassword = Annotated[
    Text,
    Field(
        description="8 characters or more, at most 72 bytes in UTF-8",
        json_schema_extra={"minLength": credentials.MIN_PASSWORD_CHARACTERS, "format": "password"},
    ),
    AfterValidator(credentials.password),
]
# Not checked against the rules: what was never a password is simply wrong.
Password = Annotated[Text, Field(max_length=4096, json_schema_extra={"format": "password"})]
