"""Fuzz a decoder with coverage as the guide: `python -m benchmarks.fuzz TARGET --seconds 900`.

Needs atheris (Apache-2.0), which nothing else does: `pip install atheris` into an environment of its own. A target is
a function of bytes that must not raise; to add one, name it in TARGETS. Prints executions, coverage and crashes, and
ends with 1 where there was a crash, a hang of 10 s, or more than 1 GiB of memory; the input that did it is kept.
"""

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a target and its first inputs are, as `module:function`; the latter takes nothing and returns bytes."""

    run: str
    seeds: str


TARGETS: Final = {
    "packets": Target(run="benchmarks.fuzz_targets:packets", seeds="benchmarks.fuzz_targets:packet_seeds"),
    **{
        name: Target(run=f"benchmarks.fuzz_formats:{name}", seeds=f"benchmarks.fuzz_formats:{name}_seeds")
        for name in ("vitals", "status", "event", "senml", "fhir", "waveform")
    },
}
_MOST_BYTES: Final = 8192
_TAIL: Final = 40
_RUNS: Final = 300_000


def main() -> None:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, help="folder that keeps what was found, to go on with it later")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.inside:
        _fuzz(TARGETS[options.target], rest)
    elif rest:
        parser.error(f"unknown: {' '.join(rest)}")
    else:
        raise SystemExit(_watch(options.target, options.seconds, options.corpus))


def _load(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _fuzz(target: Target, arguments: list[str]) -> None:
    """Fuzz in this process; libFuzzer ends it."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["ingest", "ward"], enable_loader_override=False):
        run = _load(target.run)
    atheris.Setup([sys.argv[0], *arguments], run)
    atheris.Fuzz()


def _watch(name: str, seconds: int, corpus: Path | None) -> int:
    """Fuzz in processes of their own, one after the other, and say what came of it; returns 1 where there was a crash.

    The fuzzer itself holds on to a little memory for each execution, so each process ends after some of them, and the
    next one goes on with what was found.
    """
    ends_s = time.monotonic() + seconds
    executed, edges, crashed = 0, 0, False
    with tempfile.TemporaryDirectory(prefix="hemvakt-fuzz-") as folder:
        kept = corpus or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        for n, seed in enumerate(_load(TARGETS[name].seeds)()):
            (kept / f"seed-{n}").write_bytes(seed)
        while not crashed and (left_s := round(ends_s - time.monotonic())) > 0:
            done = subprocess.run(_command(name, left_s, kept), capture_output=True, check=False)
            said = (done.stdout + done.stderr).decode(errors="replace")
            executed += sum(map(int, re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)))
            edges = max([edges, *map(int, re.findall(r"cov: (\d+)", said))])
            crashed = done.returncode != 0
    if crashed:
        _, _, raised = said.partition("Uncaught Python exception")
        print(raised or "\n".join(said.splitlines()[-_TAIL:]))
    print(f"{name}: {executed} executions in {seconds} s, {edges} edges covered, {int(crashed)} crashes", flush=True)
    return int(crashed)


def _command(name: str, seconds: int, corpus: Path) -> list[str]:
    crashes = Path(f"fuzz-{name}-").absolute()
    return [
        sys.executable, "-m", "benchmarks.fuzz", name, "--inside", f"-max_total_time={seconds}", f"-runs={_RUNS}",
        "-print_final_stats=1", "-timeout=10", "-rss_limit_mb=1024", f"-max_len={_MOST_BYTES}",
        f"-artifact_prefix={crashes}", str(corpus),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
