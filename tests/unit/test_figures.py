"""Figures for Prometheus: what is counted, how it travels from process to process, how it is written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from alerting.figures import Passes, Sendings
from alerting.figures import families as alerting_families
from api.figures import Figures, Shown
from api.figures import families as api_families
from api.platform_figures import families as platform_families
from api.timing import template
from ingest.batch import HeldInbox
from ingest.counters import Counters, Delays
from ingest.delivery import Delivery
from ingest.figures import families as ingest_families
from tests.live_stage import an_alert
from tests.writer_bench import FakeSender
from ward import figures, process
from ward.alerts import Priority
from ward.channels import WAYS
from ward.chores import Chores
from ward.figures import WAY, Spread
from ward.people import StayId
from ward.selfcheck import Waiting
from ward.store.bus import Latest
from ward.store.evaluation_lag import EvaluationLag
from ward.store.outbox_reads import Backlog
from ward.store.platform import Platform, Server

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def read(text: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read figures as Prometheus would."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


@given(seconds=st.lists(st.floats(-10, 1e6)))
def test_spread_counts_each_below_the_edges_that_it_does_not_exceed(seconds: list[float]) -> None:
    """Up to each edge there are as many as do not exceed it, and the last has all."""
    spread = Spread(WAY)
    for each in seconds:
        spread.add(each)

    expected = [float(sum(max(0.0, each) <= edge for each in seconds)) for edge in WAY]
    assert [count for _, count in spread.cumulated()] == [*expected, float(len(seconds))]
    assert spread.total_s == pytest.approx(sum(max(0.0, each) for each in seconds))


@given(ages_s=st.lists(st.floats(-5, 1e5), max_size=50))
def test_batch_counts_like_one_by_one(ages_s: list[float]) -> None:
    """Readings counted as columns fall where they would one at a time."""
    now_us = 1_000_000_000_000_000
    measured_us = np.array([now_us - round(each * 1e6) for each in ages_s], dtype=np.int64)
    delays, alone = Delays(), Delays()
    delays.committed(measured_us, measured_us, now_us)
    for each in measured_us.tolist():
        alone.measured.add((now_us - each) / 1e6)

    assert delays.measured.counts == alone.measured.counts
    assert delays.measured.total_s == pytest.approx(alone.measured.total_s)


def test_what_travels_is_written_as_if_it_were_ours() -> None:
    """Packed by one process and unpacked by another, figures are the same text, each family once."""
    spread = Spread(WAY)
    spread.add(0.3)
    mine = figures.labelled(
        [figures.spreads("x_seconds", "How long", [({"way": 'a "b"\n'}, spread)])], {"process": "1"}
    )
    others = figures.labelled(figures.unpack(figures.pack(mine)), {"process": "2"})

    text = figures.text([*mine, *others])
    assert text.decode().count("# TYPE hemvakt_x_seconds histogram") == 1
    found = read(text)
    for name in ("1", "2"):
        labels = frozenset({("way", 'a "b"\n'), ("process", name)})
        assert found["hemvakt_x_seconds_count", labels] == 1
        assert found["hemvakt_x_seconds_bucket", labels | {("le", "0.25")}] == 0
        assert found["hemvakt_x_seconds_bucket", labels | {("le", "0.5")}] == 1


def test_process_tells_what_it_costs() -> None:
    """Memory and processor time of this process are among its figures, and it has a name of its own."""
    found = read(figures.text(figures.of_process()))

    assert found["process_resident_memory_bytes", frozenset()] > 1 << 20
    assert process.name().rpartition("-")[2].isdecimal()


def test_inbox_knows_since_when_the_oldest_waits() -> None:
    """What waits is as old as its oldest message, also while a batch is being stored."""
    inbox = HeldInbox(most=10, most_bytes=1000, decode=lambda _: None)
    nothing = inbox.held_since
    for age in (3, 2):
        inbox.put(Delivery(topic="t", payload=b"abc", received_at=NOW - age * SECOND, door=FakeSender()))

    found = read(figures.text(ingest_families(Counters(messages=7), inbox, None, NOW)))
    assert nothing is None
    assert found["hemvakt_ingest_oldest_held_seconds", frozenset()] == 3
    assert found["hemvakt_ingest_held_messages", frozenset()] == 2
    assert found["hemvakt_ingest_held_bytes", frozenset()] == 6
    assert found["hemvakt_ingest_messages_total", frozenset()] == 7


def test_alert_counts_at_its_first_showing_alone() -> None:
    """The time to the board is that of a new alert; a change later says nothing of how quick we are."""
    shown = Shown()
    shown.alert(an_alert(1), NOW)
    shown.alert(an_alert(1, rev=2), NOW)

    assert sum(shown.alert_opened.counts) == 1
    assert sum(shown.alert_measured.counts) == 0


def test_alert_counts_from_what_was_judged_alone() -> None:
    """What an alert compares with, or what came before a silence, is old by its nature and says nothing of us."""
    old, new = (str(NOW - ago * SECOND) for ago in (86_400, 1))
    judged = [{"kind": "spo2", "measured_at": new, "role": "judged"}, {"kind": "spo2", "measured_at": new}]
    before = [{"kind": "spo2", "measured_at": old, "role": "before"}]
    shown = Shown()
    for inputs in (judged, before, judged[1:]):
        shown.alert(replace(an_alert(1), evidence={"inputs": inputs}), NOW)

    assert sum(shown.alert_measured.counts) == 2
    assert shown.alert_measured.total_s == 2


def test_readings_count_from_their_measuring_and_from_their_arrival() -> None:
    """A reading that its device held for a minute is a minute old by the one and quick by the other."""
    shown = Shown()
    shown.readings([Latest(StayId(1), 1, 97.0, NOW - 60 * SECOND, NOW - SECOND / 10, 0, 97)], NOW)

    assert shown.measured.total_s == 60
    assert shown.received.total_s == pytest.approx(0.1)


def test_request_is_counted_by_its_template() -> None:
    """A request counts under its route; what no route serves is one line, whatever its path."""
    counted = Figures()
    counted.answered("GET", template({"type": "http", "path": "/api/patients/191212121212"}), 404, 0.02)

    labels = {("method", "GET"), ("route", "none")}
    found = read(figures.text(api_families(counted)))
    assert found["hemvakt_http_requests_total", frozenset(labels | {("status", "4xx")})] == 1
    assert found["hemvakt_http_request_seconds_count", frozenset(labels)] == 1


def test_every_priority_has_its_line_from_the_start() -> None:
    """Alerts are counted for each priority before there is one, so that a first one is a rise."""
    passes = Passes()
    passes.alerts[Priority.HIGH] += 1
    found = read(figures.text(alerting_families(passes, Sendings())))

    assert found["hemvakt_alerts_changed_total", frozenset({("priority", "high")})] == 1
    assert found["hemvakt_alerts_changed_total", frozenset({("priority", "low")})] == 0


def test_a_way_by_which_nothing_waits_is_told_as_none() -> None:
    """A dashboard tells an empty queue from one that nobody knows of."""
    found = Platform(
        server=Server(size_bytes=1, free_connections=1, oldest_transaction_s=0.0),
        room=None,
        beats={},
        lag=EvaluationLag(overdue=0, overdue_since=None, waiting=0, received_at=None),
        worn={},
        open_alerts={},
        backtests=0,
        wrongly_held=0,
        screens=0,
        backlog=[Backlog(channel="sms", waiting=2, oldest_at=NOW)],
        fates={},
        waiting=Waiting(step_due_at=None, urgent_due_at=None),
        untold=0,
        walk=None,
        chores=Chores(made_at=NOW),
    )
    told = read(figures.text(platform_families(found, NOW)))
    ways = {frozenset({("channel", channel)}): float(2 * (channel == "sms")) for channel in WAYS}
    assert {labels: value for (name, labels), value in told.items() if name == "hemvakt_notifications_waiting"} == ways
