"""How long connections, and what they do, may take. In seconds."""

# A request that waits longer than this for a connection is better told 503 than kept.
POOL_TIMEOUT = 5.0
CONNECT_TIMEOUT = 5.0
# No statement of a request or an event takes longer unless something is badly wrong.
STATEMENT_TIMEOUT = 30.0
# A transaction that its process forgot is ended by the server, which frees its locks.
IDLE_TIMEOUT = 60.0
# How often a server that works for somebody looks whether they are still there.
CLIENT_CHECK_INTERVAL = 5.0


def server_settings() -> dict[str, str]:
    """For any connection whose statements are short.

    Whoever gives up closes the connection, and that alone ends nothing: the server would work on for nobody, beside the
    connection that was opened instead, and a pool's size would limit nothing.
    """
    return {
        "statement_timeout": _milliseconds(STATEMENT_TIMEOUT),
        "idle_in_transaction_session_timeout": _milliseconds(IDLE_TIMEOUT),
        "client_connection_check_interval": _milliseconds(CLIENT_CHECK_INTERVAL),
        "jit": "off",
    }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
