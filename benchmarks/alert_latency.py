"""From a device's publish to the alert on a nurse's screen, while everybody else publishes at a rate.

Beside the load (`--rate`), devices of their own each publish one pulse of 180 a minute, beyond the hard ceiling, which
is to ring without delay. What counts is from the publish until the alert is there on the live stream of a nurse who is
logged in. The floor of the same turn has no alerts: it is the simplest script that brings a *value* to a screen, at the
same rate. A run fails where an alert was never seen.
"""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
import numpy as np

from benchmarks import end_to_end, load
from benchmarks.contenders import DEVICE, SECRET, Extent, Name, Running, contender
from benchmarks.figures import Floats, spread
from benchmarks.paced import Command, Result
from benchmarks.rig import Others, Rig, await_quiet
from benchmarks.viewers import Seen, watching
from simulator.fleet import packets
from ward.people import PatientId
from ward.vitals import VitalKind
from ward.wire import Leaf, topic

_ALARMS = 200
_PULSE = 180
_RULE = f"limit.{VitalKind.HEART_RATE}.high"
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A pulse that was published, and when, in nanoseconds since 1970."""

    patient_id: PatientId
    at_ns: int


class _Alert(msgspec.Struct):
    patient_id: int
    rule: str


class _Message(msgspec.Struct):
    type: str
    alert: _Alert | None = None


def measure(rig: Rig, name: Name, plan: load.Plan, quiet_cores: float) -> Result:
    """Run one contender once; the floor shows values."""
    if name is Name.FLOOR:
        return end_to_end.measure(rig, name, plan, quiet_cores)
    with contender(rig, name, Extent.WHOLE, plan.devices + _ALARMS) as running:
        await_quiet(quiet_cores)
        before, noise = end_to_end.cpu_s(rig, running), Others()
        report, waited_ms = asyncio.run(_watch(running, replace(plan, port=running.mqtt_port)))
        used = {
            part: (spent_s - before[part]) / report.seconds for part, spent_s in end_to_end.cpu_s(rig, running).items()
        }
        seen = waited_ms[np.isfinite(waited_ms)]
        return Result(
            seen=spread(seen),
            ack_p50_ms=report.ack_p50_ms,
            ack_p99_ms=report.ack_p99_ms,
            cpu=used,
            lost=0,
            unseen=len(waited_ms) - len(seen),
            others_cores=noise.cores(),
        )


async def _watch(running: Running, plan: load.Plan) -> tuple[load.Report, Floats]:
    async with watching(running) as seen:
        loading = asyncio.create_task(load.run_apart(plan, None))
        await asyncio.sleep(_SETTLE_S / 2)
        sent = await _ring(running, plan)
        report = await loading
        await asyncio.sleep(_SETTLE_S)
    return report, _latencies_ms(seen, sent)


async def _ring(running: Running, plan: load.Plan) -> list[_Sent]:
    """Publish the pulses one after the other, spread over the time of the load."""
    apart_s = max(0.005, (plan.messages / plan.rate - 2 * _SETTLE_S) / _ALARMS)
    writers = []
    for number in range(plan.devices + 1, plan.devices + _ALARMS + 1):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.mqtt_port)
        writer.write(packets.connect(DEVICE.format(number), SECRET.format(number)))
        await reader.readexactly(4)
        writers.append((number, writer))
    sent = []
    began = asyncio.get_running_loop().time()
    for turn, (number, writer) in enumerate(writers):
        await asyncio.sleep(max(0.0, began + turn * apart_s - asyncio.get_running_loop().time()))
        at_ns = time.time_ns()
        measured = datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat()
        payload = f'{{"kind":"heart_rate","value":{_PULSE},"unit":"/min","measured_at":"{measured}"}}'
        writer.write(packets.publish(topic(DEVICE.format(number), Leaf.VITALS), payload.encode()))
        await writer.drain()
        sent.append(_Sent(patient_id=running.patients[number - 1], at_ns=at_ns))
    for _, writer in writers:
        writer.transport.abort()
    return sent


def _latencies_ms(seen: Seen, sent: list[_Sent]) -> Floats:
    """Return for each pulse the ms until its alert was there; inf where it never was."""
    decode = msgspec.json.Decoder(_Message).decode
    first: dict[int, int] = {}
    for at_ns, text in seen.messages:
        if '"alert"' not in text[:40]:
            continue
        alert = decode(text).alert
        if alert is not None and alert.rule == _RULE:
            first.setdefault(alert.patient_id, at_ns)
    return np.array(
        [(first[each.patient_id] - each.at_ns) / 1e6 if each.patient_id in first else np.inf for each in sent]
    )


def main() -> None:
    """Measure."""
    Command(
        doc=str(__doc__),
        seen="alert",
        parts=("ingest", "alerting", "web", "broker", "store"),
        rates="2000",
        measure=measure,
    ).run()


if __name__ == "__main__":
    main()
