"""Errors of webhooks, by name."""

from libs.errors import DomainError, ErrorKind, FieldError


class WebhookNotFound(DomainError):
    """There is no such webhook."""

    kind = ErrorKind.NOT_FOUND
    code = "webhook_not_found"


class DeliveryNotFound(DomainError):
    """There is no such delivery of the webhook."""

    kind = ErrorKind.NOT_FOUND
    code = "delivery_not_found"


class TooManyWebhooks(DomainError):
    """The limit on the number of webhooks is reached."""

    kind = ErrorKind.CONFLICT
    code = "too_many_webhooks"


class WebhookInactive(DomainError):
    """The webhook is disabled."""

    kind = ErrorKind.CONFLICT
    code = "webhook_inactive"


class WebhookUrlRefused(DomainError):
    """The shop sends nothing to this URL."""

    kind = ErrorKind.INVALID
    code = "webhook_url_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors=[FieldError("url", reason)])
