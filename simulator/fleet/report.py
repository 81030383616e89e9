"""What came of a fleet, for people and for programs. Pure."""

from collections.abc import Iterator

import msgspec

from simulator.fleet.plan import Plan
from simulator.fleet.tally import Tally


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What the store has of a fleet: readings, what was refused by reason, alerts by rule and in all.

    Latencies are p50, p95 and p99, None of nothing: of readings from their measuring, by the device's clock, until they
    were received; of alerts from the receiving of their newest reading until they were raised.
    """

    stored: int
    quarantined: dict[str, int]
    alerts: dict[str, int]
    alerted: int = 0
    received_ms: tuple[float, ...] | None = None
    alerted_ms: tuple[float, ...] | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a fleet did.

    Of readings: `measured`, `dropped` before the device's memory had them, `sent` (those sent again on purpose counted
    in `copies`), `acknowledged`. Of messages: `messages`, `waiting` for an acknowledgement at the end, and what went
    wrong with them. `missing` is what was acknowledged and is neither stored nor quarantined; None where nobody looked.
    Latencies are from when a device had a message until its PUBACK, and of the fleet behind its own clock (`late`).
    """

    devices: int
    connected: int
    turned_away: int
    seconds: float
    measured: int
    dropped: int
    sent: int
    copies: int
    acknowledged: int
    messages: int
    waiting: int
    delayed: int
    reordered: int
    repeated: int
    shed: int
    connections_lost: int
    rejects: int
    fell_ill: int
    readings_s: float
    puback_p50_ms: float | None
    puback_p95_ms: float | None
    puback_p99_ms: float | None
    late_p99_ms: float | None
    cpu_cores: float
    arrived: Arrived | None = None

    @property
    def missing(self) -> int | None:
        """What was acknowledged and is nowhere; a copy is where its original is, a refused reading is refused again."""
        if self.arrived is None or self.waiting:
            return None
        return max(0, self.acknowledged - self.copies - self.arrived.stored - sum(self.arrived.quarantined.values()))


def report(plan: Plan, tally: Tally, *, connected: int, waiting: int, seconds: float, cpu_s: float) -> Report:
    """Put together what was counted; `connected` is how many devices there were at the beginning."""
    return Report(
        devices=plan.devices,
        connected=connected,
        turned_away=tally.turned_away,
        seconds=round(seconds, 1),
        measured=tally.measured,
        dropped=tally.dropped,
        sent=tally.readings,
        copies=tally.copies,
        acknowledged=tally.readings_acknowledged,
        messages=tally.sent,
        waiting=waiting,
        delayed=tally.delayed,
        reordered=tally.reordered,
        repeated=tally.repeated,
        shed=tally.shed,
        connections_lost=tally.lost_connections,
        rejects=tally.refused,
        fell_ill=tally.ill,
        readings_s=round(tally.readings / seconds, 1) if seconds else 0.0,
        puback_p50_ms=tally.puback.percentile_ms(50),
        puback_p95_ms=tally.puback.percentile_ms(95),
        puback_p99_ms=tally.puback.percentile_ms(99),
        late_p99_ms=tally.late.percentile_ms(99),
        cpu_cores=round(cpu_s / seconds, 3) if seconds else 0.0,
    )


def rows(told: Report) -> Iterator[tuple[str, str]]:
    """Yield the lines of a table: what, and how much."""
    yield "devices connected, refused", f"{told.connected:,} of {told.devices:,}, {told.turned_away:,}"
    yield "seconds, readings a second, cores of this process", _line(told.seconds, told.readings_s, told.cpu_cores)
    yield "readings measured, dropped before they were sent", f"{told.measured:,}, {told.dropped:,}"
    yield "readings sent, of them once more on purpose", f"{told.sent:,}, {told.copies:,}"
    yield "readings acknowledged; messages not acknowledged", f"{told.acknowledged:,}; {told.waiting:,}"
    yield "messages sent, delayed, reordered", f"{told.messages:,}, {told.delayed:,}, {told.reordered:,}"
    yield "connections lost, messages repeated after them", f"{told.connections_lost:,}, {told.repeated:,}"
    yield "given up for want of memory; answers on rejects", f"{told.shed:,}; {told.rejects:,}"
    pubacks = (told.puback_p50_ms, told.puback_p95_ms, told.puback_p99_ms)
    yield "PUBACK p50, p95, p99, ms", _line(*pubacks)
    yield "this process behind its clock, p99 ms", _line(told.late_p99_ms)
    yield "patients fell ill", f"{told.fell_ill:,}"
    if told.arrived is not None:
        yield "readings stored", f"{told.arrived.stored:,}"
        yield "quarantined", _by(told.arrived.quarantined)
        yield "alerted, by rule", f"{told.arrived.alerted:,}: {_by(told.arrived.alerts)}"
        yield "from measured to received p50, p95, p99, ms", _line(*(told.arrived.received_ms or (None,)))
        yield "from received to alerted p50, p95, p99, ms", _line(*(told.arrived.alerted_ms or (None,)))
        yield "acknowledged, and neither stored nor quarantined", "?" if told.missing is None else f"{told.missing:,}"


def _line(*values: float | None) -> str:
    return ", ".join("-" if each is None else f"{each:,g}" for each in values)


def _by(counts: dict[str, int]) -> str:
    if not counts:
        return "none"
    return ", ".join(f"{what} {count:,}" for what, count in sorted(counts.items(), key=lambda each: -each[1]))
