"""What an api process has counted, as figures for Prometheus. Pure.

Requests are counted by their route's template, never by their path, which may hold an id.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client.metrics_core import Metric

from ward.alerts import Role
from ward.figures import AGE, WAY, WORK, Spread, counter, gauge, spreads
from ward.store.alert_reads import AlertRow
from ward.store.bus import Latest

JUDGED = Role.JUDGED.value
# Coarser than WORK: there is one for each route.
REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """How old what is handed to the screens is: readings, and alerts at their first."""

    measured: Spread = field(default_factory=lambda: Spread(AGE))
    received: Spread = field(default_factory=lambda: Spread(WAY))
    alert_measured: Spread = field(default_factory=lambda: Spread(AGE))
    alert_opened: Spread = field(default_factory=lambda: Spread(WAY))

    def readings(self, shown: Iterable[Latest], now: datetime) -> None:
        """Count readings that have been handed to the screens."""
        for each in shown:
            self.measured.add((now - each.measured_at).total_seconds())
            self.received.add((now - each.received_at).total_seconds())

    def alert(self, row: AlertRow, now: datetime) -> None:
        """Count an alert that has been handed to the screens, if it is new: later its age says nothing of us."""
        if row.rev > 1:
            return
        self.alert_opened.add((now - row.opened_at).total_seconds())
        inputs = row.evidence.get("inputs")
        judged = [each for each in inputs if each.get("role", JUDGED) == JUDGED] if isinstance(inputs, list) else []
        times = [each["measured_at"] for each in judged if "measured_at" in each]
        if times:
            newest = max(datetime.fromisoformat(str(each)) for each in times)
            self.alert_measured.add((now - newest).total_seconds())


@dataclass(slots=True)
class Figures:
    """The counters of one process."""

    requests: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    took: dict[tuple[str, str], Spread] = field(default_factory=lambda: defaultdict(lambda: Spread(REQUEST)))
    in_flight: int = 0
    slowed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sockets: int = 0
    closed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    written: Spread = field(default_factory=lambda: Spread(WORK))
    shown: Shown = field(default_factory=Shown)

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request."""
        self.requests[method, route, f"{status // 100}xx"] += 1
        self.took[method, route].add(took_s)


def families(counted: Figures) -> Iterator[Metric]:
    """Yield the figures of an api process."""
    yield counter(
        "http_requests",
        "Requests by route and kind of answer",
        [
            ({"method": method, "route": route, "status": status}, count)
            for (method, route, status), count in sorted(counted.requests.items())
        ],
    )
    yield spreads(
        "http_request_seconds",
        "How long a request took, by route",
        [({"method": method, "route": route}, spread) for (method, route), spread in sorted(counted.took.items())],
    )
    yield gauge("http_requests_in_flight", "Requests that are being answered", [({}, counted.in_flight)])
    yield counter(
        "http_requests_slowed",
        "Requests that were told to wait (429), by who asked: one account asked too fast",
        [({"capacity": capacity}, count) for capacity, count in sorted(counted.slowed.items())],
    )
    yield gauge("sockets_open", "Live sockets that are open", [({}, counted.sockets)])
    yield counter(
        "sockets_closed",
        "Live sockets that have closed, by why",
        [({"why": why}, count) for why, count in sorted(counted.closed.items())],
    )
    yield spreads(
        "socket_write_seconds",
        "Time from when a socket had something to send until it was written",
        [({}, counted.written)],
    )
    shown = counted.shown
    yield spreads(
        "reading_shown_seconds",
        "Time from a reading's measuring, and from its arrival, until it was handed to the screens",
        [({"since": "measured"}, shown.measured), ({"since": "received"}, shown.received)],
    )
    yield spreads(
        "alert_shown_seconds",
        "Time from an alert's newest reading, and from its opening, until it was handed to the screens",
        [({"since": "measured"}, shown.alert_measured), ({"since": "opened"}, shown.alert_opened)],
    )
