"""What so many patients need, computed on paper from figures that were measured: `python -m benchmarks.capacity`.

Prints the tables of `docs/capacity.md`. Every figure names where it was measured, every assumption says that it is one.
The invariant: no measured number stands here that does not stand in the document it names; a test looks.
"""

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_MINUTE_S, _DAY_S = 60, 86_400
_MB, _TB = 1e6, 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, what it is, and where it comes from: the line of a document, or nothing for an assumption."""

    value: float
    what: str
    document: str = ""
    line: str = ""


MESSAGES_PER_MIN = Figure(value=1, what="messages a patient and minute")
READINGS_A_MESSAGE = Figure(value=5, what="readings a message")
WITH_WAVES = Figure(value=0.1, what="patients whose ECG is followed all day, as a part of all")
LEADS = Figure(value=1, what="leads of those patients, 250 Hz")
API_REQUESTS_PER_MIN = Figure(value=0.1, what="requests of people a patient and minute (a page of 20 patients: two)")
BUSY = Figure(value=0.5, what="part of a core that may be busy; the rest is for bursts and for catching up")
STORE_CORES = Figure(value=16, what="cores of one server of the store")

_BENCHMARKS, _OPERATING = "benchmarks/README.md", "docs/operating.md"
_FLEET = "| 300 | 1000 | 5001 | 3.20 | 25.2 | 181 | 0.50 | 0.43 | 0.28 |"
FLEET_MESSAGES = Figure(value=1000, what="messages a second of the fleet", document=_BENCHMARKS, line=_FLEET)
FLEET_INGEST = Figure(value=0.50, what="cores of ingest meanwhile", document=_BENCHMARKS, line=_FLEET)
FLEET_STORE = Figure(value=0.43, what="cores of the store meanwhile", document=_BENCHMARKS, line=_FLEET)
_RATE = "| 10 | endpoint | 11699 | 116989 | 1.55 |"
INGEST_MOST = Figure(value=116_989, what="readings a second that ingest can take", document=_BENCHMARKS, line=_RATE)
_JUDGED = "CPU 233 ms ours, 130 ms the server's = 5506 stays/s of one core"
JUDGED = Figure(value=5506, what="stays judged a second of one core", document=_BENCHMARKS, line=_JUDGED)
JUDGED_STORE = Figure(value=130 / (233 + 130), what="of that the store's part", document=_BENCHMARKS, line=_JUDGED)
_FOLLOWED = "| 4.35 ms, and 0.30 ms of the server | 2,150 |"
WAVE_LOOK = Figure(value=0.00435, what="CPU s for ten seconds of ECG", document=_BENCHMARKS, line=_FOLLOWED)
WAVE_LOOK_STORE = Figure(value=0.0003, what="of the store for the same", document=_BENCHMARKS, line=_FOLLOWED)
_BLOCK = "| a block of 10 s stored, CPU us of this process | 164.628 |"
BLOCK = Figure(value=164.628e-6, what="CPU s to take a block of 10 s", document=_BENCHMARKS, line=_BLOCK)
_FEED = "| 2000 | endpoint | 3.96 | 9.82 | 13.9 | 27.5 | 1.91 | 1.80 | 3.00 | 11.2 | 0.30 | 0.10 | 0.30 | 0.34 |"
FEED_MESSAGES = Figure(value=2000, what="messages a second that an api follows", document=_BENCHMARKS, line=_FEED)
FEED_CORES = Figure(value=0.30, what="cores of that api", document=_BENCHMARKS, line=_FEED)
_HTTP = "`python -m benchmarks.http_load --rate 150 --seconds 10 --runs 1`"
HTTP_RATE = Figure(value=150, what="requests a second that one api keeps up with", document=_BENCHMARKS, line=_HTTP)
_BYTES = "| readings with their key | 171.9 | 171.8 | 8.98 |"
READING_PLAIN = Figure(value=171.9, what="bytes a reading, plain PostgreSQL", document=_OPERATING, line=_BYTES)
READING_SMALL = Figure(value=8.98, what="bytes a reading, compressed by TimescaleDB", document=_OPERATING, line=_BYTES)
_ROLLED = "| aggregates, all four | 48.5 | 179.0 | 7.27 |"
ROLLED_PLAIN = Figure(value=48.5, what="bytes of aggregates a reading", document=_OPERATING, line=_ROLLED)
ROLLED_SMALL = Figure(value=7.27, what="bytes of aggregates a reading, compressed", document=_OPERATING, line=_ROLLED)
_STRETCHES = "| megabytes a day: int16, blocks, stretches | 43.2, 15.5, 12.1 |"
WAVES = Figure(value=12.1, what="MB a day and lead after compaction", document=_BENCHMARKS, line=_STRETCHES)
_KEPT = "`HEMVAKT_KEEP_READINGS_DAYS` | 730 |"
KEEP_READINGS = Figure(value=730, what="days that readings are kept", document=_OPERATING, line=_KEPT)
_KEPT_WAVES = "`HEMVAKT_KEEP_WAVEFORMS_DAYS` | 90 |"
KEEP_WAVES = Figure(value=90, what="days that waveforms are kept", document=_OPERATING, line=_KEPT_WAVES)

FIGURES = tuple(each for each in list(globals().values()) if isinstance(each, Figure))
SIZES = (("a county", 5_000), ("a region", 50_000), ("a country", 500_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one patient costs all day long; cores are seconds of CPU a second."""

    ingest: float
    store: float
    judging: float
    waves: float
    feed: float
    requests: float


def cost() -> Cost:
    """Return what one patient costs."""
    messages_s = MESSAGES_PER_MIN.value / _MINUTE_S
    judged = messages_s / JUDGED.value
    blocks_s = WITH_WAVES.value * LEADS.value / 10
    return Cost(
        ingest=messages_s * FLEET_INGEST.value / FLEET_MESSAGES.value + blocks_s * BLOCK.value,
        store=messages_s * FLEET_STORE.value / FLEET_MESSAGES.value
        + judged * JUDGED_STORE.value
        + blocks_s * WAVE_LOOK_STORE.value,
        judging=judged * (1 - JUDGED_STORE.value),
        waves=blocks_s * WAVE_LOOK.value,
        feed=messages_s * FEED_CORES.value / FEED_MESSAGES.value,
        requests=API_REQUESTS_PER_MIN.value / _MINUTE_S,
    )


def needs() -> list[str]:
    """Return the table of what each size needs."""
    one = cost()
    rows: list[tuple[str, Callable[[int], str]]] = [
        ("messages a second", lambda n: f"{_messages_s(n):,.0f}"),
        ("readings a second", lambda n: f"{_readings_s(n):,.0f}"),
        ("cores of ingest", lambda n: f"{n * one.ingest:.2f}"),
        ("cores of alerting, values", lambda n: f"{n * one.judging:.2f}"),
        ("cores of alerting, ECG", lambda n: f"{n * one.waves:.1f}"),
        ("cores of the store", lambda n: f"{n * one.store:.2f}"),
        ("cores of each api, to follow all that happens", lambda n: f"{n * one.feed:.2f}"),
        ("requests of people a second", lambda n: f"{n * one.requests:,.0f}"),
        ("processes: ingest, alerting, api", lambda n: ", ".join(f"{each:,}" for each in _processes(n, one))),
        ("readings on disk a day, GB: plain, compressed", _disk_a_day),
        ("waveforms on disk a day, GB", lambda n: f"{n * _wave_mb() / 1e3:,.1f}"),
        ("disk when all is kept as by default, TB: plain, compressed", _disk_kept),
        ("an hour away is caught up in, s, by one ingest", _catch_up),
    ]
    head = ["| | " + " | ".join(f"{name}, {size:,}" for name, size in SIZES) + " |", "|---|" + "---|" * len(SIZES)]
    return head + [f"| {what} | " + " | ".join(say(size) for _, size in SIZES) + " |" for what, say in rows]


def limits() -> list[str]:
    """Return the table of what is reached first, the earliest first, and what lifts it."""
    one = cost()
    found = [
        (BUSY.value / one.waves, "one alerting that follows ECG", "another process: they share the list in the store"),
        (HTTP_RATE.value / one.requests, "one api, requests", "another process behind the proxy"),
        (BUSY.value / one.ingest, "one ingest", "another process, behind a balancer or on a broker"),
        (BUSY.value / one.judging, "one alerting, values alone", "another process"),
        (BUSY.value / one.feed, "**every** api, to follow the whole store", "a store for each part of the country"),
        (BUSY.value * STORE_CORES.value / one.store, "one store, processor", "a store for each part of the country"),
    ]
    rows = [f"| {_rounded(size):,} | {what} | {lift} |" for size, what, lift in sorted(found)]
    return ["| patients | what is half busy then | what lifts it |", "|---|---|---|", *rows]


def sources() -> list[str]:
    """Return the table of figures and where they were measured."""
    rows = [f"| {each.what} | {each.value:.4g} | {each.document or 'assumed'} |" for each in FIGURES]
    return ["| figure | | from |", "|---|---|---|", *rows]


def _messages_s(patients: int) -> float:
    return patients * MESSAGES_PER_MIN.value / _MINUTE_S


def _readings_s(patients: int) -> float:
    return _messages_s(patients) * READINGS_A_MESSAGE.value


def _processes(patients: int, one: Cost) -> tuple[int, int, int]:
    """Return how many processes of each kind keep below `BUSY`; an api's own share of a core is what is left of it."""
    alerting = patients * (one.judging + one.waves)
    api = patients * one.requests / HTTP_RATE.value
    return tuple(max(1, math.ceil(each)) for each in (patients * one.ingest / BUSY.value, alerting / BUSY.value, api))  # type: ignore[return-value]  # three of them


def _disk_a_day(patients: int) -> str:
    readings = _readings_s(patients) * _DAY_S
    plain, small = READING_PLAIN.value + ROLLED_PLAIN.value, READING_SMALL.value + ROLLED_SMALL.value
    return f"{readings * plain / 1e9:,.1f}, {readings * small / 1e9:,.2f}"


def _wave_mb() -> float:
    return WITH_WAVES.value * LEADS.value * WAVES.value


def _disk_kept(patients: int) -> str:
    readings = _readings_s(patients) * _DAY_S * KEEP_READINGS.value
    waves = patients * _wave_mb() * _MB * KEEP_WAVES.value
    plain, small = READING_PLAIN.value + ROLLED_PLAIN.value, READING_SMALL.value + ROLLED_SMALL.value
    return f"{(readings * plain + waves) / _TB:,.1f}, {(readings * small + waves) / _TB:,.2f}"


def _catch_up(patients: int) -> str:
    spare = INGEST_MOST.value - _readings_s(patients)
    return f"{_readings_s(patients) * 3600 / spare:,.0f}"


def _rounded(size: float) -> int:
    """Return a number with two digits that count: more the paper does not know."""
    digits = int(10 ** max(len(str(int(size))) - 2, 0))
    return int(size) // digits * digits


def _print(title: str, lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join((f"## {title}", "", *lines, "", "")))


if __name__ == "__main__":
    _print("What each needs", needs())
    _print("What is reached first", limits())
    _print("Figures", sources())
