"""What ingest has counted, as figures for Prometheus. Pure: reads counters and changes none.

The counters of the writer and the endpoint, and the inbox, are the truth; here they get their names.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from prometheus_client.metrics_core import Metric

from ingest.batch import HeldInbox
from ingest.counters import Counters
from ingest.session import Counters as EndpointCounters
from ward.figures import counter, gauge, spreads

_SESSIONS = {
    "accepted": "Connections that were let in",
    "refused": "Connections that were refused",
    "foreign": "Messages under another device's topic",
    "throttled": "Episodes in which a device was read slowly",
}


def families(counted: Counters, inbox: HeldInbox, endpoint: EndpointCounters | None, now: datetime) -> Iterator[Metric]:
    """Yield the figures of an ingest process; `endpoint` is None behind a broker."""
    yield gauge("ingest_held_messages", "Messages that are taken in and not stored yet", [({}, inbox.held)])
    yield gauge("ingest_held_bytes", "Bytes of these messages", [({}, inbox.held_bytes)])
    yield gauge(
        "ingest_oldest_held_seconds",
        "How long the oldest of them has been waiting",
        [({}, 0.0 if inbox.held_since is None else max(0.0, (now - inbox.held_since).total_seconds()))],
    )
    yield gauge(
        "ingest_store_lost", "Whether this ingest cannot reach the store", [({}, float(bool(counted.store_down_since)))]
    )
    yield counter("ingest_messages", "Messages that were settled", [({}, counted.messages)])
    yield counter("ingest_stored", "Readings, events and waveform blocks that were new", [({}, counted.stored)])
    yield counter("ingest_repeated", "Readings that were stored before", [({}, counted.repeated)])
    yield counter("ingest_commits", "Batches that were stored", [({}, counted.commits)])
    yield counter(
        "ingest_rejected",
        "Readings that were refused, by reason",
        [({"reason": reason}, count) for reason, count in sorted(counted.rejected.items())],
    )
    yield spreads("ingest_commit_seconds", "How long it took to store a batch", [({}, counted.delays.batch)])
    yield spreads(
        "reading_committed_seconds",
        "Time from a reading's measuring, and from its arrival, until it was stored",
        [({"since": "measured"}, counted.delays.measured), ({"since": "received"}, counted.delays.received)],
    )
    if endpoint is not None:
        yield gauge("endpoint_connections", "Devices that are connected", [({}, endpoint.connections)])
        seen = asdict(endpoint)
        for name, says in _SESSIONS.items():
            yield counter(f"endpoint_{name}", says, [({}, seen[name])])
