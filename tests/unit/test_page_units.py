"""The page's table of units for values typed by hand: the same as the platform's own."""

import json

from onebox.environment import PROJECT
from ward.manual import BY_STAFF
from ward.vitals import VITALS, VitalKind

TABLE = json.loads((PROJECT / "web" / "src" / "clinical" / "by_hand.json").read_text())


def test_h07_units_and_ranges_of_the_page_are_those_of_the_platform() -> None:
    """Every kind that staff may enter is there, its own unit first, with the platform's range and conversions."""
    assert set(TABLE) == {kind.value for kind in BY_STAFF}
    for name, rule in TABLE.items():
        vital = VITALS[VitalKind(name)]
        assert next(iter(rule["units"])) == vital.unit
        assert (rule["low"], rule["high"]) == (vital.low, vital.high)
        assert {unit: tuple(each) for unit, each in rule["units"].items()}.items() <= vital.units.items()
