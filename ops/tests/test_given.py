"""Servers that somebody names are used; those that `eval "$(./shop env)"` has named go when their shop does."""

from ops.stack.given import given, to_print

OWN = {"AMQP_URL": "amqp://127.0.0.1:5672/", "AUTH_DATABASE_URL": "postgresql://127.0.0.1/auth"}


def test_what_was_printed_is_not_given() -> None:
    shell = {"HOME": "/home/ada", **to_print(OWN, {})}
    assert not OWN.keys() & given(shell).keys()
    assert given(shell)["HOME"] == "/home/ada"


def test_printing_again_changes_nothing() -> None:
    shell = to_print(OWN, {})
    assert to_print(OWN, shell) == shell


def test_a_server_that_the_shell_names_stays_given_after_its_address_was_printed() -> None:
    shell = {"AMQP_URL": "amqp://broker.example/"}
    shell |= to_print({**OWN, **shell}, shell)
    assert given(shell)["AMQP_URL"] == "amqp://broker.example/"
    assert "AUTH_DATABASE_URL" not in given(shell)


def test_what_is_named_after_the_printing_is_given() -> None:
    shell = {**to_print(OWN, {}), "AMQP_URL": "amqp://broker.example/"}
    assert given(shell)["AMQP_URL"] == "amqp://broker.example/"
