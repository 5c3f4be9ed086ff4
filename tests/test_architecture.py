"""The shape of the repository, as rules that can fail."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.dialects.registry import REGISTRY

ROOT = Path(__file__).parent.parent
MODULES = sorted(p for p in (ROOT / "gateway").rglob("*.py") if "shipped" not in p.parts)
HEART = sorted((ROOT / "gateway/core").glob("*.py"))
ROOMS = {path.relative_to(ROOT / "gateway").parts[0].removesuffix(".py") for path in MODULES} - {"__init__"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}

KNOWN_BY: dict[str, set[str]] = {
    "alembic": {"stores"},
    "aiohappyeyeballs": {"upstream"},
    "anyio": {"asgi", "compose", "console", "exchange", "http", "sandbox", "stores"},
    "cryptography": {"upstream"},
    "httptools": {"http", "upstream"},
    "httpx": {"upstream", "commands"},
    "jinja2": {"console"},
    "markupsafe": {"console"},
    "msgspec": {"asgi", "dialects", "stores"},
    "orjson": {"asgi", "console", "dialects", "exchange", "sandbox", "stores", "telemetry"},
    "psycopg": {"stores"},
    "pyarrow": {"commands"},
    "pydantic": {"settings"},
    "pydantic_settings": {"settings"},
    "redis": {"stores"},
    "rich": {"commands"},
    "sqlalchemy": {"stores"},
    "sqlite3": {"stores"},
    "starlette": {"asgi", "compose", "console", "sandbox"},
    "structlog": {"telemetry"},
    "tomli": {"declarations"},
    "tomlkit": {"declarations"},
    "uvloop": {"compose", "http"},
}
"""Every library from outside, and the rooms that may know it."""

PURE = {
    "__future__",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "operator",
    "typing",
}
"""What the heart may import of the standard library: no clock, no chance, no I/O."""

WITHOUT_TESTS_OF_THEIR_OWN: dict[str, str] = {
    "gateway/core/organisation.py": "values without a function",
    "gateway/exchange/ports.py": "protocols",
    "gateway/stores/clock.py": "a protocol",
    "gateway/stores/holds.py": "values without a function",
}
"""Modules of protocols or plain values alone, with the reason. Nothing else goes without a test file."""

IMPURE = {"now", "today", "utcnow", "open", "print", "input", "eval", "exec", "__import__"}
"""What the heart may not call."""

VIEWS = {"as_json", "as_view", "to_json", "view"}
"""Functions that show a value: their room is `gateway/views`."""

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}
PARAMETERS_MOST = 5
SIGNATURES_OF_OTHERS = {"gateway/telemetry/library.py: warned"}
"""Functions whose parameters another library lays down."""
UNFINISHED = ("TODO", "FIXME", "XXX", "NotImplementedError")


PACKAGES_OF_DIALECTS = sorted(path.parent.name for path in (ROOT / "gateway/dialects").glob("*/__init__.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "gateway").parts[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), name_of(path))


def imported(path: Path) -> Iterator[str]:
    """Top-level names of everything a module imports, wherever it does."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import hides which room is meant"
            yield (node.module or "").split(".")[0]


# --- who knows whom --------------------------------------------------------------------------------------------------


def test_the_import_contracts_are_kept() -> None:
    """In a process of its own: import-linter switches off every logger there is."""
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True))",
    ]
    linted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert linted.returncode == 0, linted.stdout


def test_every_room_has_its_floor() -> None:
    floors = CONTRACTS["house"]["layers"]
    assert {room.strip() for floor in floors for room in floor.split("|")} == ROOMS


OF_LIBRARIES = [
    name
    for name, contract in CONTRACTS.items()
    if contract["type"] == "forbidden" and not contract["forbidden_modules"][0].startswith("gateway.")
]


@pytest.mark.parametrize("contract", OF_LIBRARIES)
def test_no_room_escapes_a_contract(contract: str) -> None:
    bound = {source.removeprefix("gateway.") for source in CONTRACTS[contract]["source_modules"]}
    for library in CONTRACTS[contract]["forbidden_modules"]:
        assert bound.isdisjoint(KNOWN_BY.get(library, set()))
    allowed = set().union(*(KNOWN_BY.get(library, set()) for library in CONTRACTS[contract]["forbidden_modules"]))
    assert bound == ROOMS - allowed


def test_only_declared_rooms_know_a_library_from_outside() -> None:
    found = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        for name in sorted(set(imported(path)) - {"gateway"})
        if (name in KNOWN_BY or name not in sys.stdlib_module_names) and room_of(path) not in KNOWN_BY.get(name, ())
    ]
    assert found == []


def test_the_heart_has_no_clock_no_chance_no_io_and_no_library() -> None:
    found: list[str] = []
    for path in HEART:
        found += [f"{name_of(path)} imports {name}" for name in set(imported(path)) - PURE - {"gateway"}]
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gateway"):
                found += [] if (node.module or "").startswith("gateway.core") else [f"{name_of(path)}: {node.module}"]
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found += [f"{name_of(path)}:{node.lineno} calls {called}"] if called in IMPURE else []
    assert found == []


def test_the_heart_knows_no_variable_no_path_no_dialect_and_no_view() -> None:
    """Docstrings count too: what the heart explains by a dialect or a path belongs elsewhere."""
    foreign = re.compile("|".join(("SAFECONDUCT_", r"(?<![\w.])/v\d", "GET /", "POST /", *map(re.escape, REGISTRY))))
    found: list[str] = []
    for path in HEART:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and (hit := foreign.search(node.value)):
                found.append(f"{name_of(path)}:{node.lineno} says {hit[0]}")
            if isinstance(node, ast.FunctionDef) and node.name in VIEWS:
                found += [f"{name_of(path)}:{node.lineno} is a view"]
    assert [each for each in found if not each.startswith("gateway/core/receipt.py")] == [], "a receipt is JSON itself"


def test_a_dialect_is_named_in_its_own_package_alone() -> None:
    """A new dialect is one package and one line in the registry. Docstrings and the words of a message may name one."""
    found = [
        f"{name_of(path)}:{node.lineno} says {node.value!r}"
        for path in MODULES
        if not name_of(path).startswith(tuple(f"gateway/dialects/{name}/" for name in PACKAGES_OF_DIALECTS))
        and not name_of(path).startswith("gateway/sandbox/")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and node.value in REGISTRY.wires
    ]
    assert found == []


def test_only_the_decision_makes_an_eligible_route() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "EligibleRoute"
    ]
    assert [place.partition(":")[0] for place in found] == ["gateway/core/decision.py"]


# --- what a module is ------------------------------------------------------------------------------------------------


def test_every_module_has_a_test_file_at_the_mirrored_path() -> None:
    found: list[str] = []
    for path in MODULES:
        if path.name == "__init__.py" or name_of(path) in WITHOUT_TESTS_OF_THEIR_OWN:
            continue
        inside = path.relative_to(ROOT / "gateway")
        mirrored = ROOT / "tests" / inside.parent / f"test_{inside.stem.strip('_')}.py"
        if not mirrored.is_file() or "def test_" not in mirrored.read_text():
            found.append(f"{name_of(path)} has no tests in {name_of(mirrored)}")
    assert found == []


def test_what_goes_without_tests_does_nothing() -> None:
    """Protocols and plain values: no function there has a body."""
    for name in WITHOUT_TESTS_OF_THEIR_OWN:
        for node in ast.walk(tree_of(ROOT / name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert all(_says_nothing(s) for s in node.body), f"{name}:{node.lineno}"


def test_a_module_is_named_for_what_it_holds() -> None:
    found = [
        name_of(path)
        for path in MODULES
        if {word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")} & VAGUE
    ]
    assert found == []


def test_every_module_says_what_it_is_and_every_room_states_its_rules() -> None:
    found: list[str] = []
    for path in MODULES:
        says = ast.get_docstring(tree_of(path)) or ""
        is_room = path.name == "__init__.py" and path.parent.parent == ROOT / "gateway"
        if not says or (is_room and len(says.split(". ")) < 2 and "\n\n" not in says):
            found.append(name_of(path))
    assert found == []


def test_a_public_type_has_a_name_of_its_own() -> None:
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for name in _public_types(tree_of(path)):
            homes.setdefault(name, []).append(name_of(path))
    repeated = {name: places for name, places in homes.items() if len(places) > 1}
    assert repeated == {}


def _public_types(tree: ast.Module) -> Iterator[str]:
    """Classes, and names that are declared as a TypeAlias."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
            name = ast.unparse(node.target)
        else:
            continue
        if not name.startswith("_"):
            yield name


def test_a_function_takes_at_most_five_parameters() -> None:
    """Beyond that a value object is missing."""
    found = {
        f"{name_of(path)}: {node.name}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _parameters(node) > PARAMETERS_MOST
    }
    assert found == SIGNATURES_OF_OTHERS


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [a for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in ("self", "cls")]
    rest = [a for a in (function.args.vararg, function.args.kwarg) if a is not None]
    return len(named) + len(function.args.kwonlyargs) + len(rest)


def test_nothing_is_left_unfinished() -> None:
    found = [f"{name_of(path)}: {word}" for path in MODULES for word in UNFINISHED if word in path.read_text()]
    assert found == []


def test_no_fault_is_swallowed() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node) and all(map(_says_nothing, node.body))
    ]
    assert found == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(c is None or (isinstance(c, ast.Name) and c.id in {"Exception", "BaseException"}) for c in caught)


def _says_nothing(statement: ast.stmt) -> bool:
    """`pass`, `continue`, `...` or a docstring."""
    idle = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return idle or isinstance(statement, ast.Pass | ast.Continue)
