"""Two ingest processes at one mosquitto: they share its work, and one that is killed loses nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ingest.broker_leave import leave
from tests.broker_peer import Connect, until
from tests.fix_broker import Shipped
from tests.fix_ward import Ward
from tests.integration.test_broker_door import payload
from ward.settings import Settings
from ward.wire import Leaf, topic

pytestmark = [pytest.mark.broker, pytest.mark.integration]

PROJECT = Path(__file__).resolve().parents[2]
READINGS = 3_000
Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(ward: Ward, shipped: Shipped, tmp_path: Path) -> Iterator[Start]:
    """A function that starts `hemvakt ingest` as the worker of a name; what still runs at the end is stopped."""
    running: list[subprocess.Popen[bytes]] = []

    def one(instance: str) -> subprocess.Popen[bytes]:
        given = {
            "DATABASE_URL": ward.database_url,
            "MQTT_URL": shipped.url,
            "INSTANCE": instance,
            "BROKER_PROVISION": "dynsec",
        }
        with (tmp_path / f"ingest-{instance}.log").open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, str(PROJECT / "hemvakt.py"), "ingest"], stdout=sink, stderr=sink, cwd=PROJECT,
                env={"PATH": os.defpath} | {f"HEMVAKT_{name}": value for name, value in given.items()},
            )  # fmt: skip
        running.append(process)
        return process

    yield one
    for process in running:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def ask(database_url: str, query: str) -> list[tuple[object, ...]]:
    """Ask the store."""
    with psycopg.connect(database_url) as conn:
        return conn.execute(query.encode()).fetchall()


def stored(ward: Ward) -> int:
    """Return how many readings are stored."""
    return int(str(ask(ward.database_url, "select count(*) from reading")[0][0]))


def beating(ward: Ward) -> dict[str, int]:
    """Return how many readings each living worker says that it has stored, by the end of its name: its process."""
    rows = ask(
        ward.database_url, "select instance, (detail->>'stored')::int from service_heartbeat where service = 'ingest'"
    )
    return {str(instance).rpartition("-")[2]: int(str(count)) for instance, count in rows}


def test_h21_killed_worker_loses_nothing(ward: Ward, shipped: Shipped, connect: Connect, start: Start) -> None:
    """Of two workers one dies in the middle: the other goes on, what was the dead one's waits until it is back.

    Nobody divides the work, and nobody notices the death: the broker hands each its part, and keeps the part of who is
    away in that worker's session.
    """
    shipped.add("hv-1")
    one, two = start("1"), start("2")
    assert until(lambda: len(beating(ward)) == 2), "the workers do not come to work"
    device = connect(shipped.port, "hv-1")
    sent = [device.client.publish(topic("hv-1", Leaf.VITALS), payload(n), qos=1) for n in range(READINGS // 3)]
    assert until(lambda: stored(ward) == READINGS // 3)
    assert until(lambda: sum(beating(ward).values()) == READINGS // 3)
    shares = beating(ward)

    sent += [device.client.publish(topic("hv-1", Leaf.VITALS), payload(n), qos=1) for n in range(len(sent), READINGS)]
    assert until(lambda: stored(ward) > READINGS // 3)
    two.send_signal(signal.SIGKILL)
    two.wait()
    for each in sent:
        each.wait_for_publish(30)
    device.publish(topic("hv-1", Leaf.VITALS), payload(READINGS))
    device.publish(topic("hv-1", Leaf.VITALS), payload(READINGS + 1))  # one of the two is the dead one's
    assert stored(ward) < READINGS + 2
    start("2")

    assert until(lambda: stored(ward) == READINGS + 2)
    assert one.poll() is None
    assert min(shares[str(one.pid)], shares[str(two.pid)]) > READINGS // 9
    assert ask(ward.database_url, "select count(*) from quarantine") == [(0,)]


def test_worker_that_leaves_for_good_takes_its_part_along(
    ward: Ward, shipped: Shipped, connect: Connect, start: Start
) -> None:
    """A worker that is stopped, and then leaves, stores what waited for it, and the other one gets everything."""
    shipped.add("hv-1")
    one, two = start("1"), start("2")
    assert until(lambda: len(beating(ward)) == 2), "the workers do not come to work"
    two.terminate()
    two.wait(30)
    device = connect(shipped.port, "hv-1")
    device.publish_many(topic("hv-1", Leaf.VITALS), [payload(number) for number in range(100)])
    assert until(lambda: stored(ward) == 50)

    settings = Settings(database_url=ward.database_url, mqtt_url=shipped.url, instance="2")
    assert asyncio.run(leave(settings)) == 50
    assert stored(ward) == 100
    device.publish_many(topic("hv-1", Leaf.VITALS), [payload(number) for number in range(100, 150)])

    assert until(lambda: stored(ward) == 150)
    assert one.poll() is None
