"""What webhooks say no to, by name."""

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
    """There are as many webhooks as there may be."""

    kind = ErrorKind.CONFLICT
    code = "too_many_webhooks"


class WebhookInactive(DomainError):
    """The webhook is switched off."""

    kind = ErrorKind.CONFLICT
    code = "webhook_inactive"


class WebhookUrlRefused(DomainError):
    """The shop sends nothing to this URL."""

    kind = ErrorKind.INVALID
    code = "webhook_url_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors=[FieldError("url", reason)])
