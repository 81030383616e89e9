"""Asks whether plans still find the library of deteriorations, before they are put in force.

Trying it takes numpy, so it is done by a process of its own (`alerting.plan_trial`), within a second or so. The
invariant: a plan that could not be tried is not put in force.
"""

import asyncio
import sys
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

import msgspec

from api.errors import Problem
from ward import log
from ward.backtests import LibraryCase
from ward.plan_checks import Fault
from ward.plans import Plan

_ROOT = Path(__file__).resolve().parent.parent
_LONGEST_S = 20.0
_MOST_PLACES = 6


async def missed(plans: Iterable[tuple[str, Plan]]) -> tuple[Fault, ...]:
    """Return what of the library plans would not find any more, as faults; empty where each finds everything.

    Parameters
    ----------
    plans : each with what a fault of it is called by (`Fault.path`); of plans that are the same the first counts

    Raises
    ------
    Problem
        503, if they could not be tried.
    """
    paths: dict[bytes, str] = {}
    for path, plan in plans:
        paths.setdefault(msgspec.json.encode(plan), path)
    found = await _tried(b"[" + b",".join(paths) + b"]") if paths else []
    return tuple(fault(case, path) for path, cases in zip(paths.values(), found, strict=True) for case in cases)


def fault(case: LibraryCase, path: str = "") -> Fault:
    """Return a course that a plan misses as a fault of it."""
    return Fault(
        path=path,
        sv=f"planen hittar inte i tid: {case.title_sv} (skulle larma inom {case.found_by_min:g} min)",
        en=f"the plan does not find in time: {case.title} (it should ring within {case.found_by_min:g} min)",
    )


async def _tried(asked: bytes) -> list[list[LibraryCase]]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "alerting.plan_trial",
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            answer, said = await child.communicate(asked)
        if child.returncode == 0:
            return msgspec.json.decode(answer, type=list[list[LibraryCase]])
        # Where it broke, and not what it said: that may repeat what the plan says of somebody.
        places = [line.strip() for line in said.decode(errors="replace").splitlines() if line.startswith("  File ")]
        log.get().error("plan_not_tried", code=child.returncode, trace=places[-_MOST_PLACES:])
    except TimeoutError:
        log.get().error("plan_not_tried", error=f"it took longer than {_LONGEST_S:g} s")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    raise Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The plan could not be tried on the library of deteriorations. Nothing was saved; try again.",
    )
