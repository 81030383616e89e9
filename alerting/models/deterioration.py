"""The file of weights of the deterioration score: read, checked, and kept; and written by `train` alone.

A shell: reads `deterioration.toml` beside it, once. The file says where it comes from and what was measured of it; the
model card shows the same figures. Not here: what the weights mean (`alerting.signal.risk_model`).
"""

import functools
import json
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final

import msgspec

from alerting.signal.risk_features import Signal, Statistic
from alerting.signal.risk_model import Effect, Model, Reach
from ward.errors import ConfigError

NAME: Final = "deterioration.toml"
SCHEMA: Final = 1


class DataSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One data set that was fitted on."""

    name: str
    patients: int
    rows: int
    rows_fitted: int
    outcomes: int


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the weights come from."""

    script: str
    script_version: int
    made_on: str
    files_sha256: str
    ridge: float
    roughness: float
    sepsis_weighs: float
    data: list[DataSet]


class EffectLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One effect as it stands in the file."""

    signal: Signal
    statistic: Statistic
    knots: list[float]
    heights: list[float]


class ReachLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reach as it stands in the file."""

    signal: Signal
    low: float
    high: float


class Figure(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One cross-validated figure, a line of the file: of which data and patients, and its 95 % interval if any."""

    data: str
    group: str
    what: str
    found: float
    interval: list[float] = []


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as a whole."""

    schema: int
    intercept: float
    figures: list[Figure]
    training: Training
    effect: list[EffectLine]
    reach: list[ReachLine]


@functools.cache
def weights() -> Model:
    """Return the model that comes with the program.

    Raises
    ------
    ConfigError
        If the file cannot be read, is of another schema, or holds what no model can be.
    """
    return model(kept())


def kept() -> Weights:
    """Return the file that comes with the program."""
    return parsed(resources.files("alerting.models").joinpath(NAME).read_text(encoding="utf-8"))


def parsed(text: str) -> Weights:
    """Return a file's text as values.

    Raises
    ------
    ConfigError
        If it is no TOML, of another schema, or names something unknown.
    """
    try:
        found = msgspec.convert(tomllib.loads(text), Weights)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{NAME}: {error}") from error
    if found.schema != SCHEMA:
        raise ConfigError(f"{NAME}: is of schema {found.schema}, this program reads {SCHEMA}")
    return found


def model(found: Weights) -> Model:
    """Return the model that a file describes.

    Raises
    ------
    ConfigError
        If it is none.
    """
    effects = [
        Effect(signal=line.signal, statistic=line.statistic, knots=tuple(line.knots), heights=tuple(line.heights))
        for line in found.effect
    ]
    reaches = [Reach(signal=line.signal, low=line.low, high=line.high) for line in found.reach]
    try:
        return Model.of(found.intercept, effects, reaches)
    except ValueError as error:
        raise ConfigError(f"{NAME}: {error}") from error


def text(found: Weights) -> str:
    """Return the file's text; `parsed` gives the same values back."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Weights) -> Iterator[str]:
    yield "# Weights of the deterioration score. Written by `python -m alerting.models.train`; do not edit by hand."
    yield "# An effect adds to the logit the height of a broken line at the feature's value, 0 where it is not known."
    yield f"schema = {found.schema}"
    yield f"intercept = {found.intercept}"
    yield "\n# Cross-validated: data set, patients, what, found, 95 % interval by bootstrap over patients."
    yield "figures = ["
    yield from (f"  {json.dumps(msgspec.to_builtins(figure))}," for figure in found.figures)
    yield "]\n\n[training]"
    yield from _pairs(found.training, leave="data")
    for name, lines in (("training.data", found.training.data), ("effect", found.effect), ("reach", found.reach)):
        yield from _tables(name, lines)


def _tables(name: str, lines: Sequence[msgspec.Struct]) -> Iterator[str]:
    for line in lines:
        yield f"\n[[{name}]]"
        yield from _pairs(line)


def _pairs(line: msgspec.Struct, leave: str = "") -> Iterator[str]:
    for field, value in msgspec.structs.asdict(line).items():
        if field != leave:
            # What JSON writes of texts, numbers and lists of numbers is TOML too.
            yield f"{field} = {json.dumps(value)}"
