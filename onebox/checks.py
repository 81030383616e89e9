"""`hemvakt test`: install what the tests need, then run everything that CI runs."""

import importlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from onebox import environment, webbuild
from ward.errors import ConfigError

_PRODUCT = ("hemvakt.py", "ward", "ingest", "alerting", "api", "simulator", "onebox")
# Files of tests; each has servers of its own. One more than the two cores that we reckon with: tests wait a third of
# their time, for stores, browsers and services that start.
_AT_ONCE = "3"
_PACKAGES = {
    "chromium": ("chromium",),
    "curl": ("curl",),
    "haproxy": ("haproxy",),
    "mosquitto": ("mosquitto", "mosquitto_pub"),
    "promtool": ("promtool",),
    "systemd": ("systemd-analyze",),
}
# Of Prometheus its own programs alone: what Debian recommends with it watches the machine itself.
_DEBIAN = {
    "chromium": "chromium",
    "curl": "curl",
    "haproxy": "haproxy",
    "mosquitto": "mosquitto mosquitto-clients",
    "promtool": "prometheus prometheus-node-exporter-",
    "systemd": "systemd",
}
_PROVIDER = environment.PROJECT / "tests" / "oidc"

_DEFINITIONS = environment.PROJECT / "tests" / "fhir_definitions"  # what FHIR resources are judged by


def run(arguments: Sequence[str]) -> int:
    """Return 0 when all is well; with arguments, run pytest with them and nothing else."""
    environment.ensure("test")
    importlib.invalidate_caches()
    pytest = [sys.executable, "-m", "pytest"]
    if os.environ.get("CI"):  # noqa: TID251 - set by whoever runs the checks, not a setting of ours
        pytest.append("--forbid-skips")
    if arguments:
        _prepare()
        return _step("pytest", [*pytest, *arguments])
    # The long ones stand first in the order of the folders, so that what is left at the end is short.
    together = ["-n", _AT_ONCE, "--dist", "loadfile", "--no-loadscope-reorder"]
    # All must find the same cases; and the services that tests start need not compile us anew each time.
    shared = ["env", "-u", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED=0"]
    # What is made by chance is made alike each time: a case that is met for the first time belongs to who looks for it.
    pytest.append("--hypothesis-seed=0")
    # What only reads goes on beside what waits: for what the page is made of to arrive, and then beside the tests.
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(_readers)
        _prepare()
        of_the_page = beside.submit(_readers_of_the_page)
        tests = _step("pytest", [*shared, *pytest, *together])
        failed = [*reading.result(), *of_the_page.result(), *(["pytest"] if tests else [])]
    print(f"FAILED: {', '.join(failed)}" if failed else "All checks passed.", flush=True)  # noqa: T201
    return 1 if failed else 0


def _prepare() -> None:
    """Install and build what tests need beside Python's packages."""
    _programs()
    webbuild.ensure()
    webbuild.modules(_DEFINITIONS)
    _provider()


def _readers() -> list[str]:
    """Check what can be seen of the Python without running anything; return what failed."""
    bandit = [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", *_PRODUCT]
    steps = [
        ("ruff: lint", [sys.executable, "-m", "ruff", "check", "."], None),
        ("ruff: format", [sys.executable, "-m", "ruff", "format", "--check", "."], None),
        ("mypy", [sys.executable, "-m", "mypy"], None),
        # On stderr: each part of a statement that its nosec is not for.
        ("bandit", bandit, subprocess.DEVNULL),
    ]
    return [name for name, command, stderr in steps if _step(name, command, stderr)]


def _readers_of_the_page() -> list[str]:
    """Check the web page's sources, and run their tests; return what failed."""
    failed = []
    webbuild.modules()
    for script in ("check", "lint", "test"):
        try:
            webbuild.run("run", script)
        except ConfigError as error:
            print(error, flush=True)  # noqa: T201
            failed.append(f"web: {script}")
        else:
            print(f"── web: {script}: ok", flush=True)  # noqa: T201
    return failed


def _step(name: str, command: Sequence[str], stderr: int | None = None) -> int:
    print(f"── {name}", flush=True)  # noqa: T201
    began = time.monotonic()
    code = subprocess.run(command, cwd=environment.PROJECT, stderr=stderr, check=False).returncode
    print(f"   {name}: {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    return code


def _programs() -> None:
    """Install what tests need of the system where that is allowed (Debian, root); name it where it is not."""
    missing = [name for name, programs in _PACKAGES.items() if not all(_found(program) for program in programs)]
    if not missing:
        return
    wanted = " ".join(_DEBIAN[name] for name in missing)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {wanted} ...", flush=True)  # noqa: T201
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}  # noqa: TID251 - handed on to apt
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *wanted.split()]):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        missing = [name for name in missing if not all(_found(program) for program in _PACKAGES[name])]
    if missing:
        print(f"Tests that need {', '.join(missing)} will be skipped. On Debian: apt install {wanted}", flush=True)  # noqa: T201


def _provider() -> None:
    """Install the OpenID provider that the tests log in at; without it they are skipped."""
    try:
        webbuild.modules(_PROVIDER)
    except ConfigError as error:
        print(f"Tests that need an OpenID provider will be skipped: {error}", flush=True)  # noqa: T201


def _found(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None  # noqa: TID251 - look-up
