"""What others read has the field's words, and none that a reader would have to be taught."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CODE = ("auth_service", "catalog_service", "order_service", "libs", "ops", "benchmarks")
WORDS = {
    *("bell", "ladder", "rung", "rungs", "shelf", "letter", "letters", "told", "telling"),
    *("whoever", "somebody", "nobody", "house"),
}
LOG = {"debug", "info", "warning", "error", "exception", "critical", "log"}
METRICS = {"Counter", "Gauge", "Histogram"}


def sources() -> Iterator[Path]:
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"tests", "versions", ".venv"} & set(path.parts):
                yield path


def words_of(text: str) -> set[str]:
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return {word.lower() for word in re.findall(r"[A-Za-z]+", apart)}


def public_names(tree: ast.Module) -> Iterator[str]:
    """Of classes with their members, of functions with their parameters, and of constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (each.arg for each in (*node.args.args, *node.args.kwonlyargs))
        if isinstance(node, ast.ClassDef | ast.Module):
            targets = [target for each in node.body if isinstance(each, ast.Assign) for target in each.targets]
            targets += [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def messages(tree: ast.Module) -> Iterator[str]:
    """What is logged, and what metrics are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in LOG | METRICS:
                strings = [each for argument in node.args for each in ast.walk(argument)]
                yield from (
                    each.value for each in strings if isinstance(each, ast.Constant) and type(each.value) is str
                )


def texts(document: Any) -> Iterator[str]:
    """Names and texts of an OpenAPI document; examples may be about anything."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key not in ("example", "examples"):
                yield key
                yield from texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from texts(value)
    elif isinstance(document, str):
        yield document


def test_public_names_metrics_and_log_messages() -> None:
    found = {}
    for path in sources():
        tree = ast.parse(path.read_text())
        named = {path.stem, *(name for name in public_names(tree) if not name.startswith("_")), *messages(tree)}
        if wrong := {name for name in named if words_of(name) & WORDS}:
            found[str(path.relative_to(ROOT))] = sorted(wrong)
    assert found == {}


def test_command_help() -> None:
    found = {}
    for path in sorted((ROOT / "ops" / "cli").glob("*.py")):
        tree = ast.parse(path.read_text())
        strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str}
        if wrong := {text for text in strings if words_of(text) & WORDS}:
            found[path.name] = sorted(wrong)
    assert found == {}


def test_openapi() -> None:
    found = {}
    for path in sorted((ROOT / "docs" / "reference" / "openapi").glob("*.json")):
        if wrong := {text for text in texts(json.loads(path.read_text())) if words_of(text) & WORDS}:
            found[path.name] = sorted(wrong)
    assert found == {}


def test_dashboards_and_alerts() -> None:
    """Titles and descriptions of panels, and what an alert says."""
    deploy = ROOT / "deploy"
    shown = {path: texts(json.loads(path.read_text())) for path in deploy.rglob("*.json")}
    shown |= {path: iter(re.findall(r"summary: .*", path.read_text())) for path in deploy.rglob("*.yml")}
    found = {path.name: {text for text in said if words_of(text) & WORDS} for path, said in shown.items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
