"""Builders for batches, with a calm patient as the default."""

from dataclasses import replace

import numpy as np

from alerting.features import Batch, DeviceReport, Doubted, Readings, StayContext, batch, gather, moment
from ward.alerts import Alert, AlertId, Condition, Evidence, Family, Priority
from ward.people import StayId, TeamId
from ward.plans import Plan, template
from ward.vitals import VITALS, VitalKind

# Far from zero, as real times are, and a whole second.
NOW_S = 1_795_248_000.0
Sample = tuple[VitalKind, float, float]


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
        worst=priority,
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
    doubted: tuple[Doubted, ...] = (),
    watched_s: float = 86400.0,
) -> Batch:
    """Make a batch of one stay; a sample is (kind, seconds before now, value)."""
    stay = StayContext(
        stay_id=StayId(1),
        plan=plan or template(),
        watched_from_s=NOW_S - watched_s,
        window_from_s=NOW_S - 180.0,
        devices=devices,
        doubted=doubted,
        alerts={alert.rule: alert for alert in alerts},
    )
    times = np.array([NOW_S - ago_s for _, ago_s, _ in samples])
    readings = Readings(
        stay=np.zeros(len(samples), np.int64),
        kind=np.array([VITALS[kind].code for kind, _, _ in samples], np.int64),
        measured_s=times,
        received_s=times,
        value=np.array([value for _, _, value in samples], np.float64),
        validity=np.zeros(len(samples), np.int64),
        quality=np.full(len(samples), 0.9),
    )
    return batch([stay], {kind: gather(readings, VITALS[kind].code, 1) for kind in VITALS})


def a_device(*, online: bool = True, battery_pct: float | None = 80.0, changed_ago_s: float = 3600.0) -> DeviceReport:
    """Make what a device said about itself."""
    return DeviceReport(
        device_id="hv-0001",
        online=online,
        battery_pct=battery_pct,
        reported_s=NOW_S - changed_ago_s,
        changed_s=NOW_S - changed_ago_s,
    )
