"""What a soak looks at: memory, files and CPU of every process, the store's size, the product's own figures.

Reads only. `Lag` asks the platform for its own figures every few seconds and keeps the worst of each minute.
"""

import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.contenders import Running
from benchmarks.rig import Rig

ASKED = {
    "hemvakt_evaluation_lag_seconds": "lag_s",
    "hemvakt_evaluation_stays_due": "due",
    "hemvakt_evaluation_stays_new": "new",
    "hemvakt_notifications_waiting": "notifications",
    "hemvakt_ingest_held_messages": "held",
    "hemvakt_alerts_open": "alerts",
}
_EVERY_S = 5.0
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one process costs: its own memory in MiB, open files, CPU seconds since it began."""

    memory: float
    files: int
    cpu_s: float


def processes(rig: Rig, running: Running) -> dict[str, Process]:
    """Return every process of the product by name; the store's are one, without the memory that they share."""
    found = {each.name: _process(psutil.Process(each.child.pid)) for each in running.children}
    beside = psutil.Process(next(each for each in running.children if each.name == "alerting").child.pid).children()
    if beside:  # a helper of multiprocessing is there too, which is small
        found["rush"] = max(map(_process, beside), key=lambda each: each.memory)
    root = psutil.Process(rig.server.child.pid)
    own, files = 0.0, 0
    for each in (root, *root.children(recursive=True)):
        try:
            own += each.memory_full_info().uss / _MIB
            files += each.num_fds()
        except psutil.NoSuchProcess:
            continue
    found["store"] = Process(memory=own, files=files, cpu_s=rig.store_cpu_s())
    return found


def _process(each: psutil.Process) -> Process:
    times = each.cpu_times()
    return Process(memory=each.memory_info().rss / _MIB, files=each.num_fds(), cpu_s=times.user + times.system)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The store on disk in MB, and how much write-ahead log it has written in all."""

    store: float
    readings: float
    wal: float


def sizes(database_url: str) -> Sizes:
    """Return how large the store is."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute(
            "select pg_database_size(current_database()) / 1e6,"
            " (select coalesce(sum(pg_total_relation_size(relid)), 0) from pg_partition_tree('reading')) / 1e6,"
            " (pg_current_wal_lsn() - '0/0'::pg_lsn) / 1e6"
        ).fetchone()
    store, readings, wal = row or (0, 0, 0)
    return Sizes(store=float(store), readings=float(readings), wal=float(wal))


def asked(port: int) -> dict[str, float]:
    """Return the platform's own figures by the names of `ASKED`, all labels of one taken together."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = dict.fromkeys(ASKED.values(), 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in ASKED:
                found[ASKED[sample.name]] += sample.value
    return found


@dataclass(slots=True)
class Lag:
    """The worst of the platform's figures since they were last taken."""

    port: int
    failed: int = 0
    _worst: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._keep, name="lag", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()

    def take(self) -> Mapping[str, float]:
        """Return the worst of each figure, and begin anew."""
        with self._lock:
            worst, self._worst = self._worst, {}
        return {name: worst.get(name, float("nan")) for name in ASKED.values()}

    def _keep(self) -> None:
        while not self._stopping.wait(_EVERY_S - time.monotonic() % _EVERY_S):
            try:
                found = asked(self.port)
            except OSError:
                self.failed += 1
                continue
            with self._lock:
                for name, value in found.items():
                    self._worst[name] = max(self._worst.get(name, 0.0), value)
