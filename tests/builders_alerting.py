"""Builders for batches, with a calm patient as the default."""

from dataclasses import replace

import numpy as np

from alerting.features import Batch, DeviceReport, Readings, Series, StayContext, batch, gather, moment
from ward.alerts import Alert, AlertId, AlertState, Condition, Evidence, Family, Priority
from ward.people import StayId, TeamId
from ward.plans import Plan, template
from ward.vitals import VITALS, VitalKind

# Far from zero, as real times are, and a whole second.
NOW_S = 1_795_248_000.0
Sample = tuple[VitalKind, float, float] | tuple[VitalKind, float, float, float]


def a_plan(**changes: object) -> Plan:
    """Make the template with changes."""
    return replace(template(), **changes)  # type: ignore[arg-type]


def an_alert(rule: str, priority: Priority = Priority.HIGH, began_ago_s: float = 3600.0) -> Alert:
    """Make an open alert whose condition is present."""
    at = moment(NOW_S - began_ago_s)
    return Alert(
        alert_id=AlertId(1),
        stay_id=StayId(1),
        rule=rule,
        family=Family.TECHNICAL if rule.startswith("nodata") else Family.CLINICAL,
        priority=priority,
        state=AlertState.OPEN,
        condition=Condition.PRESENT,
        rev=1,
        team_id=TeamId(1),
        began_at=at,
        opened_at=at,
        changed_at=at,
        evidence=Evidence(rule_version=1, text_key="limit.low", params={}, inputs=()),
    )


def a_batch(
    *samples: Sample,
    plan: Plan | None = None,
    alerts: tuple[Alert, ...] = (),
    devices: tuple[DeviceReport, ...] = (),
    implausible: tuple[Sample, ...] = (),
    unjudged_ago_s: float = -np.inf,
    watched_s: float = 86400.0,
) -> Batch:
    """Make a batch of one stay; a sample is (kind, seconds before now, value[, quality])."""
    stay = StayContext(
        stay_id=StayId(1),
        plan=plan or template(),
        watched_from_s=NOW_S - watched_s,
        devices=devices,
        unjudged_s=NOW_S - unjudged_ago_s,
        alerts={alert.rule: alert for alert in alerts},
    )
    return batch([stay], some_series(*samples), implausible=some_series(*implausible))


def some_series(*samples: Sample) -> dict[VitalKind, Series]:
    """Make the readings of one stay; a fourth number of a sample is its quality, else 0.9."""
    times = np.array([NOW_S - each[1] for each in samples])
    readings = Readings(
        stay=np.zeros(len(samples), np.int64),
        kind=np.array([VITALS[each[0]].code for each in samples], np.int64),
        measured_s=times,
        received_s=times,
        value=np.array([each[2] for each in samples], np.float64),
        validity=np.zeros(len(samples), np.int64),
        quality=np.array([each[3] if len(each) > 3 else 0.9 for each in samples], np.float64),
    )
    return {kind: gather(readings, VITALS[kind].code, 1) for kind in {each[0] for each in samples}}


def a_device(*, online: bool = True, battery_pct: float | None = 80.0, changed_ago_s: float = 3600.0) -> DeviceReport:
    """Make what a device said about itself."""
    return DeviceReport(
        device_id="hv-0001",
        online=online,
        battery_pct=battery_pct,
        reported_s=NOW_S - changed_ago_s,
        changed_s=NOW_S - changed_ago_s,
    )
