"""What Python looks through for garbage again and again, while a process does nothing else."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from auth_service.core.keys import write_new_key
from libs.testing.databases import ROOT

MADE: Final = "import gc; from {module} import app; print(len(gc.get_objects()))"
NOWHERE: Final = "http://127.0.0.1:9/"
ENVIRONMENT: Final = {
    "DATABASE_URL": "postgresql://shop@127.0.0.1:9/shop",
    "AMQP_URL": "amqp://127.0.0.1:9/",
    "RABBITMQ_UI_URL": NOWHERE,
    "JWKS_URL": NOWHERE,
    "CATALOG_URL": NOWHERE,
    "PAYMENT_WEBHOOK_SECRET": "agreed",
    "SMTP_HOST": "127.0.0.1",
    "MAIL_FROM": "shop@example.com",
    "ADMIN_EMAIL": "root@example.com",
    "ADMIN_PASSWORD": "correct horse battery",
}


@pytest.mark.parametrize("service", ["auth_service", "catalog_service", "order_service"])
@pytest.mark.parametrize("process", ["main", "worker"])
def test_it_does_not_look_through_what_was_imported(service: str, process: str, tmp_path: Path) -> None:
    write_new_key(tmp_path / "key.pem")
    done = subprocess.run(  # noqa: S603 - our own code
        (sys.executable, "-c", MADE.format(module=f"{service}.{process}")),
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT, "JWT_PRIVATE_KEY_FILE": str(tmp_path / "key.pem")},
        capture_output=True,
        text=True,
        check=True,
    )
    # Of more than a hundred thousand.
    assert int(done.stdout) < 1_000
