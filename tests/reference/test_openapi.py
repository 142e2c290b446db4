"""What the APIs promise their clients changes in no commit unseen."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

import auth_service.main
import catalog_service.main
import order_service.main
from auth_service.core.keys import write_new_key
from auth_service.core.settings import Settings as AuthSettings
from catalog_service.core.settings import Settings as CatalogSettings
from libs import __version__
from order_service.core.settings import Settings as OrderSettings
from tests.reference.conftest import REFERENCE, IsCurrent

ROOT = REFERENCE.parents[1]
NOWHERE = "postgresql://nowhere/nothing"


def auth(folder: Path) -> FastAPI:
    key = folder / "key.pem"
    write_new_key(key)
    return auth_service.main.create_app(
        AuthSettings(
            database_url=NOWHERE,
            jwt_private_key_file=key,
            admin_email="admin@example.com",
            admin_password=SecretStr("correct horse"),
        )
    )


def catalog(_: Path) -> FastAPI:
    return catalog_service.main.create_app(CatalogSettings(database_url=NOWHERE, jwks_url="http://nowhere"))


def order(_: Path) -> FastAPI:
    return order_service.main.create_app(
        OrderSettings(
            database_url=NOWHERE,
            jwks_url="http://nowhere",
            catalog_url="http://nowhere",
            payment_webhook_secret=SecretStr("s" * 32),
        )
    )


@pytest.mark.parametrize("make", [auth, catalog, order])
async def test_openapi_documents_are_current(
    make: Callable[[Path], FastAPI], tmp_path: Path, is_current: IsCurrent
) -> None:
    document = make(tmp_path).openapi()
    assert document["info"]["title"] == f"Shop {make.__name__.capitalize()} API"
    is_current(f"openapi/{make.__name__}.json", json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def test_the_project_has_one_version() -> None:
    projects = [ROOT / "pyproject.toml", *ROOT.glob("*/pyproject.toml")]
    versions = {tomllib.loads(file.read_text())["project"]["version"] for file in projects}
    assert versions == {__version__}
