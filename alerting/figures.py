"""What an alerting process has counted, as figures for Prometheus. Pure.

`Passes` and `Sendings` are the counters; who evaluates and who delivers keeps them. Labels are words of the platform.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric

from ward.alerts import Priority
from ward.figures import WAY, WORK, Spread, counter, spreads


@dataclass(slots=True, kw_only=True)
class Passes:
    """What was evaluated: passes that had something to do, stays, cells of waveforms, and how long a pass took."""

    passes: int = 0
    stays: int = 0
    cells: int = 0
    alerts: dict[Priority, int] = field(default_factory=lambda: defaultdict(int))
    took: Spread = field(default_factory=lambda: Spread(WORK))


@dataclass(frozen=True, slots=True)
class Sendings:
    """What became of messages by way, how long each took, and how long notifications waited until they were sent."""

    fates: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    took: dict[str, Spread] = field(default_factory=lambda: defaultdict(lambda: Spread(WORK)))
    waited: dict[Priority, Spread] = field(default_factory=lambda: defaultdict(lambda: Spread(WAY)))


def families(passes: Passes, sendings: Sendings) -> Iterator[Metric]:
    """Yield the figures of an alerting process."""
    yield counter("evaluation_passes", "Passes that had something to evaluate", [({}, passes.passes)])
    yield counter("evaluation_stays", "Stays that were evaluated", [({}, passes.stays)])
    yield counter("waveform_cells", "Cells of waveforms that were looked at", [({}, passes.cells)])
    yield counter(
        "alerts_changed",
        "Alerts that a pass opened or changed, by priority",
        [({"priority": each.name.lower()}, passes.alerts[each]) for each in Priority],
    )
    yield spreads("evaluation_pass_seconds", "How long a pass took that had something to do", [({}, passes.took)])
    yield counter(
        "messages_handed_over",
        "Messages by way and by what became of them",
        [({"channel": channel, "fate": fate}, count) for (channel, fate), count in sorted(sendings.fates.items())],
    )
    yield spreads(
        "message_seconds",
        "How long a way took to take a message or to refuse it",
        [({"channel": channel}, spread) for channel, spread in sorted(sendings.took.items())],
    )
    yield spreads(
        "notification_sent_seconds",
        "Time from when a notification was written until it was sent, by priority",
        [({"priority": priority.name.lower()}, spread) for priority, spread in sorted(sendings.waited.items())],
    )
