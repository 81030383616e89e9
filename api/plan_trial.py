"""Asks whether plans still find the library of deteriorations, before they are put in force.

Trying it takes numpy, so it is done by a process of its own (`alerting.plan_trial`), within a second or so. The
invariant: a plan that could not be tried is not put in force, but by who withdraws a version and says that it is meant.
"""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path

import msgspec

from api.errors import Problem
from ward import log
from ward.backtests import LibraryCase
from ward.plan_checks import Fault
from ward.plan_versions import Exchange
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


async def lost(exchanges: Sequence[tuple[str, Exchange]]) -> tuple[Fault, ...]:
    """Return what of the library withdrawing a version loses: found with it, and not found without it.

    What is missed with it as well is not what speaks against the withdrawal.

    Parameters
    ----------
    exchanges : each with what comes before the name of a loss in its path

    Raises
    ------
    Problem
        503, if they could not be tried.
    """
    pairs = [(path, msgspec.json.encode(each.before), msgspec.json.encode(each.after)) for path, each in exchanges]
    asked = list(dict.fromkeys(plan for _, before, after in pairs for plan in (after, before)))
    found = dict(zip(asked, await _tried(b"[" + b",".join(asked) + b"]") if asked else [], strict=True))
    told: dict[str, Fault] = {}
    for path, before, after in pairs:
        already = {case.name for case in found[before]}
        for case in found[after]:
            if case.name not in already:
                told.setdefault(f"{path}library.{case.name}", _loss(case, f"{path}library.{case.name}"))
    return tuple(told.values())


def _loss(case: LibraryCase, path: str) -> Fault:
    return Fault(
        path=path,
        sv=f"utan versionen hittas inte i tid: {case.title_sv} (skulle larma inom {case.found_by_min:g} min)."
        " Ta tillbaka också det som ligger över den, eller spara en ändring som hittar det",
        en=f"without the version this is not found in time: {case.title} (it should ring within"
        f" {case.found_by_min:g} min). Withdraw what lies over it as well, or save a change that finds it",
    )


UNTRIED = Fault(
    path="library",
    sv="det gick inte att pröva vad som inte hittas utan versionen",
    en="what is not found without the version could not be tried",
)


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
