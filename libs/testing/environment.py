"""Where the servers of the tests are."""

import os

import pytest


def required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: these tests need real servers, run ./shop test", pytrace=False)
    return value
