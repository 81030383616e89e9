"""The platform's own condition: what of it is told, and what is not worth a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ward.guard import LATEST, LEAST_FREE_BYTES, NEEDED, SILENT_AFTER, Part, Strain, complaints

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WELL = Strain(beats=dict.fromkeys(NEEDED, NOW), held_since=None, behind=timedelta(0), free_bytes=LEAST_FREE_BYTES)
STRAINED = [
    (Part.SERVICE, replace(WELL, beats={"ingest": NOW}), "no sign of life of alerting"),
    (Part.SERVICE, replace(WELL, beats={}), "no sign of life of ingest and alerting"),
    (
        Part.SERVICE,
        replace(WELL, beats={"alerting": NOW, "ingest": NOW - SILENT_AFTER - SECOND}),
        "no sign of life of ingest",
    ),
    (Part.INGEST, replace(WELL, held_since=NOW - LATEST - SECOND), "readings wait for the store for 61 s"),
    (Part.EVALUATION, replace(WELL, behind=LATEST + SECOND), "alerting is 61 s behind"),
    (Part.DISK, replace(WELL, free_bytes=LEAST_FREE_BYTES - 1), "the disk of the store has 1023 MiB left"),
]


def test_h22_platform_that_is_well_has_nothing_to_say() -> None:
    """At every bound and within it there is no complaint; a disk that is not ours to see is none either."""
    edge = replace(WELL, held_since=NOW - LATEST, behind=LATEST, beats=dict.fromkeys(NEEDED, NOW - SILENT_AFTER))

    assert complaints(WELL, NOW) == {}
    assert complaints(edge, NOW) == {}
    assert complaints(replace(WELL, free_bytes=None), NOW) == {}


@pytest.mark.parametrize(("part", "strain", "said"), STRAINED)
def test_h22_each_strain_is_told_in_words(part: Part, strain: Strain, said: str) -> None:
    """What is beyond its bound is named, alone, with how far."""
    assert complaints(strain, NOW) == {part: said}
