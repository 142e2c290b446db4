import re

from ops.stack.layout import REPOSITORY


def test_the_example_names_every_setting_of_compose_and_no_other() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (REPOSITORY / "docker-compose.yml").read_text()))
    named = set(re.findall(r"^([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert named == asked
