"""An alert's row and back: what another program wrote must not keep anybody from acting."""

from dataclasses import replace

from alerting.events import Acknowledge, Offer
from tests.builders_alerts import ANNA, OTHER_TEAM, lived, raised
from ward.alerts import Alert
from ward.evidence import UNREADABLE
from ward.store.alert_columns import AlertColumns, to_alert, to_columns


def row_of(alert: Alert, **spoilt: object) -> AlertColumns:
    """Make the row of an alert, with some columns otherwise."""
    columns = to_columns(alert) | spoilt
    return AlertColumns(**{name: columns[name] for name in AlertColumns.__dataclass_fields__})  # type: ignore[arg-type]


def test_row_keeps_offer_and_what_can_be_undone() -> None:
    """An offer and the last act come out of the row as they went in."""
    offered = lived(Offer(by=ANNA, rev=1, team_id=OTHER_TEAM))

    assert offered.undo is not None
    assert to_alert(row_of(offered)) == offered


def test_h21_last_act_that_cannot_be_read_cannot_be_undone() -> None:
    """A last act of another program is forgotten, and the alert is as it is."""
    seen = lived(Acknowledge(by=ANNA, rev=1))

    assert to_alert(row_of(seen, undo='{"by": "?"}')) == replace(seen, undo=None)


def test_h05_evidence_that_cannot_be_read_is_not_written_over() -> None:
    """Evidence of another program is left as it is kept, and the alert can be acted upon."""
    unread = to_alert(row_of(raised(), evidence="[7]"))

    assert unread.evidence == UNREADABLE
    assert to_columns(lived(Acknowledge(by=ANNA, rev=1), alert=unread))["evidence"] is None
