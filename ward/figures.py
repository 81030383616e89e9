"""Figures of the platform for Prometheus: how a process keeps them, how they travel, how they are written.

Who counts keeps plain numbers; families of figures are made of them only when somebody asks. No figure is about a
patient: labels are words of the platform (a service, a channel, a route's template), never an id or a value. The
invariant: what is packed by one process and unpacked by another is written as if it had been asked for here.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from prometheus_client import ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import CollectorRegistry

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_PREFIX = "hemvakt_"
# Upper edges in seconds. WORK is for what takes milliseconds, WAY for what goes through several hands, AGE for
# readings, which devices may hold for hours.
WORK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WAY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
AGE = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)

Labels = Mapping[str, str]


@dataclass(slots=True)
class Spread:
    """A histogram: how many fell below each edge (s) and above the last, and their sum (s)."""

    edges: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total_s: float = 0.0

    def __post_init__(self) -> None:
        """Begin with nothing counted."""
        self.counts = self.counts or [0] * (len(self.edges) + 1)

    def add(self, seconds: float) -> None:
        """Count one. What lies in the future (a clock that is ahead) counts as no time at all."""
        seconds = max(0.0, seconds)
        self.counts[bisect_left(self.edges, seconds)] += 1
        self.total_s += seconds

    def add_all(self, counts: Sequence[int], total_s: float) -> None:
        """Add many that were counted elsewhere between the same edges."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, counts, strict=True)]
        self.total_s += total_s

    def cumulated(self) -> list[tuple[str, float]]:
        """Return how many there are up to each edge, as Prometheus has it."""
        found, up_to = [], 0
        for edge, count in zip((*map(repr, self.edges), "+Inf"), self.counts, strict=True):
            up_to += count
            found.append((edge, float(up_to)))
        return found


def gauge(name: str, says: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Make a family of numbers that go up and down."""
    family = GaugeMetricFamily(_PREFIX + name, says)
    for labels, value in samples:
        family.add_sample(_PREFIX + name, dict(labels), value)
    return family


def counter(name: str, says: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Make a family of numbers that only rise, `_total` being added to its name."""
    family = CounterMetricFamily(_PREFIX + name, says)
    for labels, value in samples:
        family.add_sample(f"{_PREFIX}{name}_total", dict(labels), value)
    return family


def spreads(name: str, says: str, samples: Iterable[tuple[Labels, Spread]]) -> Metric:
    """Make a family of histograms."""
    family = HistogramMetricFamily(_PREFIX + name, says)
    for labels, spread in samples:
        for edge, count in spread.cumulated():
            family.add_sample(f"{_PREFIX}{name}_bucket", {**labels, "le": edge}, count)
        family.add_sample(f"{_PREFIX}{name}_count", dict(labels), sum(spread.counts))
        family.add_sample(f"{_PREFIX}{name}_sum", dict(labels), spread.total_s)
    return family


def of_process() -> list[Metric]:
    """Return what this process costs: processor, memory, open files (where the system tells it, as Linux does)."""
    return list(ProcessCollector(registry=CollectorRegistry()).collect())


class _Line(msgspec.Struct, array_like=True, frozen=True):
    name: str
    labels: dict[str, str]
    value: float


class _Family(msgspec.Struct, array_like=True, frozen=True):
    name: str
    says: str
    kind: str
    lines: list[_Line]


_DECODER = msgspec.json.Decoder(list[_Family])


def pack(families: Iterable[Metric]) -> bytes:
    """Write families as JSON, for another process to read."""
    return msgspec.json.encode(
        [
            _Family(
                family.name,
                family.documentation,
                family.type,
                [_Line(line.name, line.labels, line.value) for line in family.samples],
            )
            for family in families
        ]
    )


def unpack(packed: bytes) -> list[Metric]:
    """Read families that another process has packed.

    Raises
    ------
    msgspec.DecodeError
        If another version of the program has written something else.
    """
    found = []
    for family in _DECODER.decode(packed):
        metric = Metric(family.name, family.says, family.kind)
        for line in family.lines:
            metric.add_sample(line.name, line.labels, line.value)
        found.append(metric)
    return found


def labelled(families: Iterable[Metric], labels: Labels) -> list[Metric]:
    """Return families with these labels on every line."""
    found = []
    for family in families:
        metric = Metric(family.name, family.documentation, family.type)
        for line in family.samples:
            metric.add_sample(line.name, {**line.labels, **labels}, line.value)
        found.append(metric)
    return found


@dataclass(frozen=True, slots=True)
class _Collected:
    """What has been put together, as the writer of the text format asks for it."""

    families: Mapping[str, Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families.values()


def text(families: Iterable[Metric]) -> bytes:
    """Write families in Prometheus' text format, each name once, wherever its lines come from."""
    together: dict[str, Metric] = {}
    for family in families:
        known = together.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        known.samples.extend(family.samples)
    return generate_latest(_Collected(together))
