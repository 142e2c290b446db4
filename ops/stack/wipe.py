"""Deleting what a stack has stored. It must be down."""

import os
import shutil

from ops.stack.paths import StackPaths
from ops.stack.privileges import fallback_place


def wipe(layout: StackPaths) -> None:
    for folder in (
        layout.logs,
        layout.mail,
        layout.postgres,
        layout.prometheus,
        layout.rabbitmq,
        layout.signing_key.parent,
    ):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (layout.state, layout.secrets):
        file.unlink(missing_ok=True)
    if os.geteuid() == 0:
        shutil.rmtree(fallback_place(layout.postgres), ignore_errors=True)
