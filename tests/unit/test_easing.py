"""Which patients' limits are wider than their team's: what the board says of an exception, and until when."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ward.easing import Eased, eased
from ward.vitals import VitalKind

END, LATER = datetime(2026, 11, 22, 14, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)
NIGHT = {"begins": 1320, "ends": 360}
SPO2, RATE = VitalKind.SPO2, VitalKind.HEART_RATE


def kept(*layers: tuple[str, dict[str, Any], datetime | None]) -> str:
    """Layers as the store gives them, from the lowest."""
    return json.dumps(
        [
            {"origin": origin, "version": number, "rules": rules} | ({"until": until.isoformat()} if until else {})
            for number, (origin, rules, until) in enumerate(layers, 1)
        ]
    )


def limits(kind: VitalKind, **fields: float | None) -> dict[str, Any]:
    """An overlay of one kind's limits."""
    return {"limits": {kind: fields}}


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([], None),
        ([("patient", limits(SPO2, warn_low=92), None)], None),
        ([("patient", limits(SPO2, delay_s=30), None)], None),
        ([("team", limits(SPO2, warn_low=90), None)], None),
        ([("patient", limits(SPO2, warn_low=90), None)], Eased(kinds=(SPO2,), until=None)),
        ([("patient", limits(SPO2, warn_low=None), None)], Eased(kinds=(SPO2,), until=None)),
        ([("patient", limits(RATE, alert_high=135), END)], Eased(kinds=(RATE,), until=END)),
        ([("patient", {"night": {**NIGHT, **limits(RATE, warn_low=40)}}, END)], Eased(kinds=(RATE,), until=END)),
        (
            [("patient", limits(SPO2, warn_low=90), END), ("patient", limits(RATE, warn_high=112), LATER)],
            Eased(kinds=(SPO2, RATE), until=LATER),
        ),
        (
            [("patient", limits(SPO2, warn_low=90), None), ("patient", limits(RATE, warn_high=112), END)],
            Eased(kinds=(SPO2, RATE), until=None),
        ),
        (
            [("patient", limits(SPO2, warn_low=90), END), ("patient", limits(RATE, delay_s=30), LATER)],
            Eased(kinds=(SPO2,), until=END),
        ),
        (
            [("team", limits(SPO2, warn_low=93), None), ("patient", limits(SPO2, warn_low=91), None)],
            Eased(kinds=(SPO2,), until=None),
        ),
    ],
)
def test_h12_wider_limits_of_one_patient_are_named(
    layers: list[tuple[str, dict[str, Any], datetime | None]], found: Eased | None
) -> None:
    """Limits wider than the team's count, tighter ones and the team's own do not; the last end of these counts."""
    assert eased("hospital_at_home", kept(*layers)) == found


def test_h13_layers_that_cannot_be_read_ease_nothing() -> None:
    """What watches then is the template, so nothing is said to be eased, and the board goes on."""
    assert eased("hospital_at_home", '[{"origin":') is None
