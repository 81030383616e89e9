"""Plans as documents: what a programme's file says, and how one document is laid over another, field by field.

A document is the JSON form of a plan, or of a part of one. It is handled as leaves, path to value: a bound of one
kind, the begin of the night, one action card, a whole list. Nothing here knows what a field means. The invariant:
what the upper document does not name is as in the lower.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

Path = tuple[str, ...]
Leaves = Mapping[Path, object]
Document = Mapping[str, object]

# What is laid over field by field; whatever else has parts is replaced as a whole. "*" is any name.
_BRANCHES = frozenset(
    {
        ("limits",),
        ("limits", "*"),
        ("night",),
        ("night", "limits"),
        ("night", "limits", "*"),
        ("expected",),
        ("combinations",),
        ("rhythm",),
        ("cards",),
    }
)
# Where null takes an entry away; elsewhere it is a value.
_ENTRIES = frozenset({"expected", "combinations", "cards"})
_ABOUT = frozenset({"version", "extends", "without", "title", "summary"})
_FOLDER = resources.files("ward") / "programmes"


def leaves(document: Document) -> Leaves:
    """Take a document apart."""
    return dict(_walk((), document))


def _walk(above: Path, document: Document) -> Iterator[tuple[Path, object]]:
    for name, value in document.items():
        path = (*above, name)
        if isinstance(value, Mapping) and _is_branch(path):
            yield from _walk(path, value)
        else:
            yield path, value


def _is_branch(path: Path) -> bool:
    return path in _BRANCHES or (*path[:-1], "*") in _BRANCHES


def laid(below: Leaves, above: Leaves) -> Leaves:
    """Lay one document's leaves over another's; a leaf takes away what stood under it, or what it stands in."""
    kept = dict(below)
    for path in above:
        for under in [each for each in kept if _touches(each, path)]:
            del kept[under]
    return {**kept, **above}


def _touches(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def document(parts: Leaves) -> dict[str, object]:
    """Put leaves together again; an entry that was taken away is left out."""
    whole: dict[str, object] = {}
    for path, value in parts.items():
        if value is None and path[0] in _ENTRIES:
            continue
        place = whole
        for name in path[:-1]:
            inner = place.setdefault(name, {})
            if not isinstance(inner, dict):
                raise AssertionError("a leaf has no leaves under it")  # noqa: TRY004 - no caller's mistake
            place = inner
        place[path[-1]] = value
    return whole


def names() -> tuple[str, ...]:
    """Return the programmes that have a file."""
    found = (each.name for each in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def written(programme: str) -> Document:
    """Return what a programme's own file says. `without` lists what it takes away: TOML has no null.

    Raises
    ------
    KeyError
        If there is no such programme.
    """
    if programme not in names():
        raise KeyError(programme)
    return tomllib.loads(_FOLDER.joinpath(f"{programme}.toml").read_text(encoding="utf-8"))


@cache
def programme_leaves(programme: str) -> Leaves:
    """Return a programme's whole plan, with what it takes from the one it extends; raises KeyError without one."""
    own = written(programme)
    plan = leaves({name: value for name, value in own.items() if name not in _ABOUT})
    below = programme_leaves(str(own["extends"])) if "extends" in own else {}
    without = own.get("without")
    away = {tuple(each.split(".", 1)): None for each in without} if isinstance(without, list) else {}
    return {**laid(laid(below, away), plan), ("programme",): programme}
