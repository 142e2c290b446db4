"""Servers that somebody names are used; those that `eval "$(./shop env)"` has named go when their shop does."""

from ops.stack.environment import printable, without_printed

OWN = {"AMQP_URL": "amqp://127.0.0.1:5672/", "AUTH_DATABASE_URL": "postgresql://127.0.0.1/auth"}


def test_what_was_printed_is_not_given() -> None:
    shell = {"HOME": "/home/ada", **printable(OWN, {})}
    assert not OWN.keys() & without_printed(shell).keys()
    assert without_printed(shell)["HOME"] == "/home/ada"


def test_printing_again_changes_nothing() -> None:
    shell = printable(OWN, {})
    assert printable(OWN, shell) == shell


def test_a_server_that_the_shell_names_stays_given_after_its_address_was_printed() -> None:
    shell = {"AMQP_URL": "amqp://broker.example/"}
    shell |= printable({**OWN, **shell}, shell)
    assert without_printed(shell)["AMQP_URL"] == "amqp://broker.example/"
    assert "AUTH_DATABASE_URL" not in without_printed(shell)


def test_what_is_named_after_the_printing_is_given() -> None:
    shell = {**printable(OWN, {}), "AMQP_URL": "amqp://broker.example/"}
    assert without_printed(shell)["AMQP_URL"] == "amqp://broker.example/"
