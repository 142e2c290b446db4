"""What webhooks say no to, by name."""

from libs.refusals import FieldError, Kind, Refusal


class WebhookNotFound(Refusal):
    """There is no such webhook."""

    kind = Kind.NOT_FOUND
    code = "webhook_not_found"


class DeliveryNotFound(Refusal):
    """There is no such delivery of the webhook."""

    kind = Kind.NOT_FOUND
    code = "delivery_not_found"


class TooManyWebhooks(Refusal):
    """There are as many webhooks as there may be."""

    kind = Kind.CONFLICT
    code = "too_many_webhooks"


class WebhookInactive(Refusal):
    """The webhook is switched off."""

    kind = Kind.CONFLICT
    code = "webhook_inactive"


class WebhookUrlRefused(Refusal):
    """The shop sends nothing to this URL."""

    kind = Kind.INVALID
    code = "webhook_url_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors=[FieldError("url", reason)])
