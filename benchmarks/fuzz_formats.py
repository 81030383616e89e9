"""The decoders of devices' payloads as targets of the fuzzer, one for each format.

A target decodes, settles what is claimed and sees that the pieces fit: nothing may raise, what is refused can be
answered and kept, and what is stored is finite and dated.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from ward.formats.settle import readings_of, settle
from ward.formats.table import DECODERS
from ward.wire import Leaf

_GOLDEN: Final = Path(__file__).resolve().parent.parent / "tests" / "golden" / "formats"
_LONGEST: Final = 400  # characters of what is told about a fault


def _decoded(leaf: Leaf, data: bytes) -> None:
    decoded = DECODERS[leaf](data).of("hv-0001")
    settled = settle(decoded.claims)
    usable = np.flatnonzero(settled.usable)
    if not (np.isfinite(settled.value[usable]).all() and (settled.measured_us[usable] >= 0).all()):
        raise AssertionError("what would be stored is not finite, or has no time")
    readings, rejects = readings_of(decoded)
    if len(readings) + len(settled.faults) != len(decoded.claims):
        raise AssertionError("a claim ended in no place, or in two")
    if any(not 0 < len(each.detail) <= _LONGEST for each in rejects):
        raise AssertionError("a refusal cannot be kept or told")
    for block in decoded.blocks:
        if not block.count or block.ends_us <= block.measured_us:
            raise AssertionError("a block without samples, or without an end")


def _seeds(leaf: Leaf) -> list[bytes]:
    """Return the golden payloads of a format to begin with."""
    return [found.read_bytes() for found in sorted((_GOLDEN / leaf).glob("*/payload.*"))]


def _targets(leaf: Leaf) -> tuple[Callable[[bytes], None], Callable[[], list[bytes]]]:
    return partial(_decoded, leaf), partial(_seeds, leaf)


vitals, vitals_seeds = _targets(Leaf.VITALS)
status, status_seeds = _targets(Leaf.STATUS)
event, event_seeds = _targets(Leaf.EVENT)
senml, senml_seeds = _targets(Leaf.SENML)
fhir, fhir_seeds = _targets(Leaf.FHIR)
waveform, waveform_seeds = _targets(Leaf.WAVEFORM)
