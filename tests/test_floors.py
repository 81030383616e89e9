"""The architecture as a test: what each module may import, how long it is, and that it says what it is.

Reads the source of every module (nothing is imported, but for the one test that asks what `api` brings along).
An arrow may only point down::

    4  hemvakt.py  onebox  tests  benchmarks
    3  api                        (of alerting: apply and what it is made of, no numpy)
    2  ingest  alerting  simulator   (never each other; simulator sees floor 0 only)
    1  ward.store                 (psycopg stops here)
    0  ward
"""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ward", "ingest", "alerting", "api", "simulator", "onebox")
TOP = ("hemvakt", "onebox", "tests", "benchmarks")

# Within floor 4: hemvakt.py composes what onebox holds; tests and benchmarks see everything.
MAY_SEE = {
    "ward": {"ward"},
    "ward.store": {"ward", "ward.store"},
    "ingest": {"ward", "ward.store", "ingest"},
    "alerting": {"ward", "ward.store", "alerting"},
    "simulator": {"ward", "simulator"},
    "api": {"ward", "ward.store", "api", "alerting"},
    "onebox": {"ward", "ward.store", "ingest", "alerting", "api", "simulator", "onebox"},
    "hemvakt": {"ward", "ward.store", "ingest", "alerting", "api", "simulator", "onebox", "hemvakt"},
}
# The one door to alert state, the state machine's own types, and the words of an alert; all of them pure or thin.
ALERTING_FOR_API = {
    "alerting.apply",
    "alerting.durations",
    "alerting.going_over",
    "alerting.life_words",
    "alerting.lifecycle",
    "alerting.observed",
    "alerting.plain_words",
    "alerting.sentences",
    "alerting.words",
}

# What the ground floor brings along: the standard library, and one package where its job is done.
GROUND_FLOOR_BRINGS = {
    "ward.access.passwords": {"zxcvbn"},
    "ward.duty.holidays": {"holidays"},
    "ward.figures": {"msgspec", "prometheus_client"},
    "ward.log": {"structlog"},
    "ward.tls": {"cryptography"},
    "ward.settings": {"pydantic", "pydantic_settings"},
    "ward.wire": {"msgspec"},
    "ward.plans": {"msgspec"},
    "ward.overlays": {"msgspec"},
    "ward.plan_versions": {"msgspec"},
    "ward.scale_orders": {"msgspec"},
    "ward.backtests": {"msgspec"},
    "ward.evidence": {"msgspec"},
    "ward.formats.claims": {"msgspec"},
    "ward.formats.vitals": {"msgspec"},
    "ward.formats.status": {"msgspec"},
    "ward.formats.event": {"msgspec"},
    "ward.formats.senml": {"msgspec"},
    "ward.fhir.intake": {"msgspec"},
    "ward.formats.fhir": {"msgspec"},
    "ward.formats.fhir_values": {"msgspec"},
    "ward.formats.instants": {"msgspec", "numpy"},
    "ward.formats.settle": {"numpy"},
    "ward.formats.waveform": {"cbor2", "msgspec"},
    "ward.wavecodec.codec": {"numpy"},
    "ward.wavecodec.differences": {"numpy"},
    "ward.wavecodec.packing": {"numpy"},
    "ward.wavecodec.pyramid": {"numpy"},
    "ward.traces": {"numpy"},
}

# Shells: the modules that touch the world. Whatever is not named here is pure.
SHELLS = {
    "hemvakt",
    "ward.store",
    "ward.ending",
    "ward.tls",
    "onebox",
    "api",
    "ingest.service",
    "ingest.client",
    "ingest.broker_line",
    "ingest.broker_control",
    "ingest.broker_access",
    "ingest.broker_leave",
    "ingest.broker_keeper",
    "ingest.admission",
    "ingest.endpoint",
    "ingest.endpoint_door",
    "ingest.link",
    "ingest.listener",
    "ingest.session_store",
    "ingest.writer",
    "ingest.batch",  # an inbox that waits: asyncio.Event and nothing else
    "ingest.registry_watch",
    "alerting.service",
    "alerting.waves",
    "alerting.apply",
    "alerting.telling",
    "alerting.duty",
    "alerting.measuring",
    "alerting.onramp",
    "alerting.deliver",
    "alerting.handing",
    "alerting.courier",
    "alerting.operator_line",
    "alerting.selfcheck",
    "alerting.backtest_worker",
    "alerting.deteriorations",
    "alerting.plan_trial",
    "alerting.rush",
    "alerting.beside",
    "alerting.channels",
    "alerting.models.datasets",
    "alerting.models.deterioration",
    "alerting.models.train",
    "simulator.command",
    "simulator.fleet.crew",
    "simulator.fleet.line",
    "simulator.fleet.service",
    "simulator.line",
    "simulator.play",
    "simulator.service",
}
# Inside api, which is a shell as a whole, these stay pure.
PURE_IN_API = {
    "api.live.hub",
    "api.live.messages",
    "api.live.alert_messages",
    "api.live.life_messages",
    "api.live.backlog",
    "api.live.journal",
    "api.live.presence_messages",
    "api.alert_refusals",
    "api.figures",
    "api.platform_figures",
    "api.fhir.outcome",
    "api.fhir.values",
    "api.fhir.search",
    "api.fhir.bundle",
    "api.fhir.capability",
    "api.fhir.documents",
    "api.fhir.router",
    "api.fhir.numbering",
    "api.fhir.observed",
    "api.fhir.observation_ids",
    "api.fhir.observation_pages",
}
WORLDLY = {
    "asyncio",
    "concurrent",
    "fastapi",
    "httpx",
    "multiprocessing",
    "paho",
    "psycopg",
    "psycopg_pool",
    "socket",
    "ssl",
    "starlette",
    "subprocess",
    "threading",
    "uvicorn",
    "websockets",
}

# Shells that name psycopg's exceptions in an `except`, at their own loop, and use nothing else of it.
CATCH_STORE_ERRORS = {
    "ingest.service",
    "ingest.writer",
    "ingest.endpoint_door",
    "ingest.registry_watch",
    "ingest.session_store",
    "ingest.broker_keeper",
    "onebox.health",
}

READS_ENVIRONMENT = {"ward.settings"}
MOST_LINES = 400


def _modules(*packages: str) -> dict[str, Path]:
    """Return the dotted name and the file of every module of these packages (or single modules)."""
    found = {}
    for package in packages:
        single = ROOT / f"{package}.py"
        files = [single] if single.exists() else sorted((ROOT / package).rglob("*.py"))
        for path in files:
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


PRODUCT = _modules("hemvakt", *PACKAGES)
EVERYTHING = _modules(*dict.fromkeys((*PACKAGES, *TOP)))


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imports(name: str) -> Iterator[str]:
    """Yield the dotted name of every module that a module imports, also inside its functions.

    `from a import b` gives `a.b` where that is a module of ours, else `a`.
    """
    for node in ast.walk(_tree(EVERYTHING[name])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} line {node.lineno}: imports are written in full"
            base = node.module or ""
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in EVERYTHING else base


def _within(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def _place(name: str) -> str:
    """Return the part of the architecture that a module of ours belongs to."""
    return "ward.store" if _within(name, {"ward.store"}) else name.partition(".")[0]


def _is_pure(name: str) -> bool:
    return name in PURE_IN_API or not _within(name, SHELLS)


def _external(name: str) -> set[str]:
    """Return the top names of what a module imports that is neither ours nor the standard library's."""
    tops = {imported.partition(".")[0] for imported in _imports(name)}
    return tops - set(sys.stdlib_module_names) - set(PACKAGES) - set(TOP)


@pytest.mark.parametrize("name", PRODUCT)
def test_arrow_points_down(name: str) -> None:
    """A module imports only from its own part and from the floors below, never sideways."""
    ours = [imported for imported in _imports(name) if imported.partition(".")[0] in {*PACKAGES, *TOP}]

    wrong = [imported for imported in ours if _place(imported) not in MAY_SEE[_place(name)]]
    assert wrong == []


@pytest.mark.parametrize("name", _modules("api"))
def test_api_sees_one_door_of_alerting(name: str) -> None:
    """The API changes alerts through `alerting.apply` and knows nothing else of how they come about."""
    seen = {imported for imported in _imports(name) if _place(imported) == "alerting"}

    assert seen - ALERTING_FOR_API == set()


def test_api_brings_no_numpy() -> None:
    """Importing the whole of the API loads neither numpy nor scipy, so it starts fast and stays small."""
    names = sorted(_modules("api"))
    program = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", PRODUCT)
def test_psycopg_stops_at_the_store(name: str) -> None:
    """Only `ward.store` speaks to the database; named shells may catch its errors and do nothing else with it."""
    if _within(name, {"ward.store"}):
        return
    used = {imported.partition(".")[0] for imported in _imports(name)} & {"psycopg", "psycopg_pool"}
    attributes = [
        node.attr
        for node in ast.walk(_tree(PRODUCT[name]))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "psycopg"
    ]

    assert used <= ({"psycopg"} if name in CATCH_STORE_ERRORS else set())
    assert [attr for attr in attributes if not _is_error(attr)] == []


def _is_error(attribute: str) -> bool:
    found = getattr(psycopg, attribute, None)
    return isinstance(found, type) and issubclass(found, psycopg.Error)


@pytest.mark.parametrize("name", [name for name in PRODUCT if _is_pure(name)])
def test_pure_module_does_not_touch_the_world(name: str) -> None:
    """A module that is no shell imports no event loop, socket, database, web framework or MQTT client."""
    touched = {imported.partition(".")[0] for imported in _imports(name)} & WORLDLY

    assert touched == set()


@pytest.mark.parametrize("name", [name for name in PRODUCT if _place(name) == "ward"])
def test_ground_floor_stands_on_the_standard_library(name: str) -> None:
    """A module of `ward` brings no package but the one whose job is done there."""
    assert _external(name) - GROUND_FLOOR_BRINGS.get(name, set()) == set()


@pytest.mark.parametrize("name", EVERYTHING)
def test_module_says_what_it_is(name: str) -> None:
    """Every module has a docstring, and a package's `__init__` holds nothing else."""
    tree = _tree(EVERYTHING[name])

    assert ast.get_docstring(tree), f"{name} has no docstring"
    assert EVERYTHING[name].name != "__init__.py" or len(tree.body) == 1


@pytest.mark.parametrize("name", EVERYTHING)
def test_module_is_short_enough_to_read(name: str) -> None:
    """No module has more than 400 lines."""
    assert len(EVERYTHING[name].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", PRODUCT)
def test_environment_is_read_in_one_place(name: str) -> None:
    """The environment is read by `ward.settings`; handing it on to another program is marked on its line."""
    if name in READS_ENVIRONMENT:
        return
    lines = PRODUCT[name].read_text(encoding="utf-8").splitlines()
    reads = [
        node.lineno
        for node in ast.walk(_tree(PRODUCT[name]))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    ]

    assert [lineno for lineno in reads if "noqa: TID251 - " not in lines[lineno - 1]] == []


def test_excused_modules_exist() -> None:
    """A module that catches store errors exists, so that the list does not outlive what it excuses."""
    assert set(PRODUCT) >= CATCH_STORE_ERRORS


def test_no_import_ring() -> None:
    """No module of the product imports itself by way of others."""
    graph = {name: {each for each in _imports(name) if each in PRODUCT and each != name} for name in PRODUCT}
    done: set[str] = set()
    while left := {name for name in graph if name not in done}:
        free = {name for name in left if graph[name] <= done}

        assert free, f"these import each other: {sorted(left)}"
        done |= free
