"""Scenario and roster files (TOML) to bodies. Reads files; everything it gives is a checked, frozen value.

Knows no medicine: the numbers stand in `simulator/scenarios/*.toml`. The invariant: what loads is complete and in
order, and a fault names the file, the place and what was expected.
"""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, TypeVar

import msgspec

from simulator import traits
from simulator.course import Change, Course, Target
from simulator.device import Kit, Other, Plan
from simulator.drugs import Dose, Drug
from simulator.expectations import Check
from simulator.physiology import Baseline, Body
from simulator.traits import ORDINARY, Traits
from ward.errors import ConfigError
from ward.wire import DEVICE_ID_RULE, is_device_id

FOLDER: Final = Path(__file__).parent / "scenarios"
DEMO: Final = FOLDER / "demo.toml"
_Shape = TypeVar("_Shape")
_FIELDS: Final = frozenset(field.name for field in fields(Baseline))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What befalls a person of this baseline; `check` says how it is played for a verdict, and what must ring."""

    name: str
    title: str
    baseline: Baseline
    course: Course
    check: Check | None = None
    device: Traits = ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A device of a roster: on whom, and which story."""

    device_id: str
    seed: int
    scenario: Scenario
    battery_pct: float = 100.0


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    of: Target
    points: list[tuple[float, float]]


class _Dose(msgspec.Struct, forbid_unknown_fields=True):
    drug: Drug
    at_s: Annotated[float, msgspec.Meta(ge=0)]
    dose: Annotated[float, msgspec.Meta(gt=0)]


class _Course(msgspec.Struct, forbid_unknown_fields=True):
    starts_after_s: float = 0.0
    repeats_after_s: float | None = None
    changes: list[_Change] = []
    doses: list[_Dose] = []


class _Scenario(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    baseline: dict[str, float] = {}
    course: _Course | None = None
    check: Check | None = None
    device: Traits = ORDINARY


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    device: str
    scenario: str
    seed: int
    baseline: dict[str, float] = {}
    battery_pct: float = 100.0
    starts_after_s: float | None = None
    waves: tuple[str, ...] | None = None


class _Roster(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    devices: list[_Entry]


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the names of the scenarios of a folder, sorted; rosters are not among them."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml") if "devices" not in _parsed(path)))


def load(name: str, folder: Path = FOLDER) -> Scenario:
    """Read the scenario `name`.

    Raises
    ------
    ConfigError
        There is no such scenario, or its file is wrong; says where, and what to write.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(f"There is no scenario {name!r}; there are: {', '.join(names(folder))}")
    read = _converted(path, _Scenario)
    course = _course(path, read.course) if read.course else Course()
    baseline = _baseline(path, Baseline(), read.baseline)
    return Scenario(
        name=name,
        title=read.title,
        baseline=baseline,
        course=course,
        check=_check(path, read.check),
        device=_device(path, read.device),
    )


def load_roster(path: Path = DEMO, folder: Path = FOLDER) -> tuple[Entry, ...]:
    """Read a roster: which device is on whom.

    Raises
    ------
    ConfigError
        The file is missing or wrong, or names a device twice; says where, and what to write.
    """
    entries = tuple(_entry(path, folder, each) for each in _converted(path, _Roster).devices)
    seen = {entry.device_id for entry in entries}
    if len(seen) != len(entries):
        raise ConfigError(f"{path}: a device stands twice in the roster; each may wear one body")
    return entries


def roster_of(scenario: Scenario, device_ids: list[str], seed: int) -> tuple[Entry, ...]:
    """Put every device on a body of its own that lives through the same scenario."""
    return tuple(
        Entry(device_id=device_id, seed=seed + number, scenario=scenario) for number, device_id in enumerate(device_ids)
    )


def kit(entry: Entry, *, seed: int, clock_s: float, on_at_s: float) -> Kit:
    """Return the device of a roster entry.

    Parameters
    ----------
    entry
        Who wears what.
    seed
        Of the whole simulation; another seed gives other people with the same illnesses.
    clock_s
        s after midnight, local time, at the start of the simulation.
    on_at_s
        s of simulated time at which the device is switched on.
    """
    body = Body(
        seed=seed * 1_000_003 + entry.seed,
        baseline=entry.scenario.baseline,
        course=entry.scenario.course,
        clock_s=clock_s,
    )
    return put_on(
        entry.scenario, Kit(device_id=entry.device_id, body=body, on_at_s=on_at_s, battery_pct=entry.battery_pct)
    )


def put_on(scenario: Scenario, kit: Kit) -> Kit:
    """Return a device with the scenario's peculiarities, and with those who wear it besides."""
    own = scenario.device
    others = tuple(
        Other(
            since_s=60.0 * each.since,
            until_s=60.0 * each.until,
            body=Body(seed=each.seed, baseline=replace(Baseline(), **each.baseline), clock_s=kit.body.clock_s),
        )
        for each in own.worn_by
    )
    plan = Plan(every_s=MappingProxyType({**kit.plan.every_s, **own.every_s}))
    return replace(kit, plan=plan, traits=own, others=others)


def _entry(path: Path, folder: Path, read: _Entry) -> Entry:
    if not is_device_id(read.device):
        raise ConfigError(f"{path}: device {read.device!r}; expected {DEVICE_ID_RULE}")
    scenario = load(read.scenario, folder)
    course = scenario.course
    if read.starts_after_s is not None:
        course = replace(course, starts_after_s=read.starts_after_s)
    baseline = _baseline(path, scenario.baseline, read.baseline)
    device = scenario.device
    if read.waves is not None:
        device = _device(path, msgspec.structs.replace(device, waves=read.waves))
    return Entry(
        device_id=read.device,
        seed=read.seed,
        scenario=replace(scenario, baseline=baseline, course=course, device=device),
        battery_pct=read.battery_pct,
    )


def _baseline(path: Path, start: Baseline, values: dict[str, float]) -> Baseline:
    unknown = sorted(set(values) - _FIELDS)
    if unknown:
        raise ConfigError(f"{path}: baseline has unknown {', '.join(unknown)}; expected {', '.join(sorted(_FIELDS))}")
    return replace(start, **values)


def _device(path: Path, read: Traits) -> Traits:
    """Return the peculiarities of a device; its channels, units and wearers are known."""
    if fault := traits.faults(read):
        raise ConfigError(f"{path}: device.{fault}")
    for each in read.worn_by:
        _baseline(path, Baseline(), each.baseline)
    return read


def _check(path: Path, read: Check | None) -> Check | None:
    """Return how a scenario is checked; its beginning is a time on the wall, and what is expected is in order."""
    if read is None:
        return None
    if read.begins.tzinfo is not None:
        raise ConfigError(f"{path}: check.begins is the clock on the wall in Stockholm, without an offset")
    for each in read.expects:
        if not each.since < each.until <= read.hours * 60:
            raise ConfigError(
                f"{path}: {each.rule} is expected in {each.since:g}-{each.until:g} min of {read.hours * 60:g}"
            )
    return read


def _course(path: Path, read: _Course) -> Course:
    changes = tuple(Change(target=each.of, points=tuple(each.points)) for each in read.changes)
    for change in changes:
        seconds = [at_s for at_s, _ in change.points]
        if seconds != sorted(seconds) or (seconds and seconds[0] < 0):
            raise ConfigError(f"{path}: points of {change.target} must go forward in time from 0; they are {seconds}")
        last_s = seconds[-1] if seconds else 0.0
        if read.repeats_after_s is not None and read.repeats_after_s < last_s:
            raise ConfigError(f"{path}: repeats_after_s is earlier than the last point of {change.target}, {last_s:g}")
    return Course(
        starts_after_s=read.starts_after_s,
        repeats_after_s=read.repeats_after_s,
        changes=changes,
        doses=tuple(Dose(drug=each.drug, at_s=each.at_s, dose=each.dose) for each in read.doses),
    )


def _parsed(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error


def _converted(path: Path, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(_parsed(path), shape)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error
