"""The way to Stripe's servers."""

import logging

import httpx
import stripe

TIMEOUT = httpx.Timeout(8.0, connect=3.0)


def new_client(
    api_key: str, url: str = stripe.DEFAULT_API_BASE, timeout: httpx.Timeout = TIMEOUT
) -> stripe.StripeClient:
    # The library would tell Stripe of this machine and, to know it again, write a file into the home folder.
    stripe.enable_telemetry = False
    # And write every request into the log, at DEBUG with all that it says of a customer's card.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.StripeClient(
        api_key,
        http_client=stripe.HTTPXClient(timeout=timeout),
        base_addresses={"api": url},
        # What is to be tried again is decided by who asks: while a customer waits nothing, by a timer everything.
        max_network_retries=0,
    )
