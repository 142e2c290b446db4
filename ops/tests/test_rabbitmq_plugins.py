from pathlib import Path

import pytest

from ops.stack.rabbitmq_plugins import remove_unused


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    application(tmp_path, "rabbit", "kernel,stdlib,\n    ra")
    application(tmp_path, "ra", "kernel")
    application(tmp_path, "rabbitmq_management", "rabbit,cowboy")
    application(tmp_path, "cowboy", "cowlib")
    application(tmp_path, "cowlib", "")
    application(tmp_path, "rabbitmq_mqtt", "rabbit,rabbitmq_management")
    return tmp_path


def application(plugins: Path, name: str, needs: str) -> None:
    folder = plugins / f"{name}-1.2.3" / "ebin"
    folder.mkdir(parents=True)
    description = f'[{{vsn,"1.2.3"}},\n  {{applications,\n  [{needs}]}}]'
    (folder / f"{name}.app").write_text(f"{{application,{name},\n {description}}}.\n")


def left(plugins: Path) -> set[str]:
    return {folder.name.partition("-")[0] for folder in plugins.iterdir()}


def test_what_is_used_stays_with_all_that_it_needs(plugins: Path) -> None:
    remove_unused(plugins)
    assert left(plugins) == {"rabbit", "ra", "rabbitmq_management", "cowboy", "cowlib"}


def test_where_it_cannot_be_told_everything_stays(plugins: Path) -> None:
    (plugins / "rabbitmq_management-1.2.3").rename(plugins / "rabbitmq_management-1.2.3.ez")
    (plugins / "rabbitmq_management-1.2.3.ez" / "ebin" / "rabbitmq_management.app").unlink()
    before = left(plugins)
    remove_unused(plugins)
    assert left(plugins) == before
