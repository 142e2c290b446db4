"""What auth_service is told by its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from auth_service.domain import credentials
from libs.process.settings import ApiSettings
from libs.process.settings import WorkerSettings as WorkerSettings  # noqa: PLC0414 - the worker needs no more.


def _usable(password: SecretStr) -> SecretStr:
    credentials.password(password.get_secret_value())
    return password


class Settings(ApiSettings):
    jwt_private_key_file: Path = Field(description="made by `python -m auth_service.core.keys PATH`")
    admin_email: Annotated[str, AfterValidator(credentials.email_address)] = Field(description="of the first admin")
    admin_password: Annotated[SecretStr, AfterValidator(_usable)] = Field(
        description="of the first admin; changing it here changes nothing once there is an admin"
    )
    bcrypt_cost: int = Field(default=12, ge=4, le=16, description="each step more doubles the time of a login")
    bcrypt_threads: int = Field(default=2, ge=1, le=64, description="passwords checked at once")
    bcrypt_waiting: int = Field(default=100, ge=1, description="passwords that may wait before the next is refused")
