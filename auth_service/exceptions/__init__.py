"""Everything that auth_service refuses, by name."""

from libs.errors import DomainError, ErrorKind, FieldError


class EmailTaken(DomainError):
    """The e-mail address is taken."""

    kind = ErrorKind.CONFLICT
    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("Another user has this e-mail address.")


class UsernameTaken(DomainError):
    """The username is taken."""

    kind = ErrorKind.CONFLICT
    code = "username_taken"

    def __init__(self) -> None:
        super().__init__("Another user has this username; upper and lower case are the same.")


class UserNotFound(DomainError):
    """There is no such user."""

    kind = ErrorKind.NOT_FOUND
    code = "user_not_found"

    def __init__(self) -> None:
        super().__init__("No user has this id.")


class LastAdmin(DomainError):
    """The shop would be left without an admin."""

    kind = ErrorKind.CONFLICT
    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("Make somebody else an admin first.")


class InvalidCredentials(DomainError):
    """The login or the password is wrong."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_credentials"

    def __init__(self) -> None:
        super().__init__("No active user has this login with this password.")


class TooManyAttempts(DomainError):
    """Too many failed attempts."""

    kind = ErrorKind.TOO_MANY
    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__("Wait before trying again.", retry_after=retry_after)


class TooManyPasswords(DomainError):
    """More passwords wait to be checked than can be checked soon."""

    kind = ErrorKind.UNAVAILABLE
    code = "too_many_passwords"

    def __init__(self, retry_after: int) -> None:
        super().__init__("Many people log in at this moment; try again shortly.", retry_after=retry_after)


class InvalidRefreshToken(DomainError):
    """The refresh token is not valid."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_refresh_token"

    def __init__(self) -> None:
        super().__init__("It is unknown, expired or revoked; log in again.")


class RefreshTokenReused(DomainError):
    """The refresh token has been used before."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "refresh_token_reused"

    def __init__(self) -> None:
        super().__init__("Somebody may have copied it, so everything that came of it is revoked; log in again.")


class CurrentPasswordRequired(DomainError):
    """The change needs the current password."""

    kind = ErrorKind.INVALID
    code = "current_password_required"

    def __init__(self) -> None:
        super().__init__(
            "Changing the e-mail address or the password needs the current password.",
            errors=[FieldError("current_password", "Field required")],
        )


class WrongPassword(DomainError):
    """The current password is wrong."""

    kind = ErrorKind.FORBIDDEN
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("`current_password` is not the password of this user.")
