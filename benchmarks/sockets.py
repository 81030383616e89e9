"""An alert to thousands of open boards: from its commit to the last socket, beside the same bytes from a bare server.

Every socket is somebody with a session of their own, in one team. The floor (`bare`) has as many sockets on the same
server and, told by the same store, sends the bytes of our alert to each in a plain loop. Both run in one call, in
turns. Memory is what the process grows by while the sockets connect, a socket.
"""

import argparse
import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import psutil
import psycopg

from alerting import apply
from api.auth import digest
from benchmarks.contenders import admit
from benchmarks.crowd import Crowd, crowd
from benchmarks.figures import head, percentile, row
from benchmarks.rig import PROJECT, Child, Others, Rig, accepts, await_quiet, python, rig
from ward.alerts import Evidence, Family, Finding, Input, Priority
from ward.clock import SystemClock
from ward.people import StayId
from ward.store import embedded
from ward.store.pool import connect

_BEDS = 20
_PEOPLE = 200
_PATIENCE_S = 60.0
_BARE = "create table bare (number int primary key, times int not null default 0, body text not null default '')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """What one server did: for each alert the ms to the middle and to the last socket; and what sockets cost."""

    middle_ms: list[float]
    last_ms: list[float]
    missing: int
    kib_a_socket: float
    connect_s: float


def measure(port: int, path: str, child: Child, headers: Callable[[int], bytes], plan: "Plan", ring: "Ring") -> Fan:
    """Connect everybody and let alerts ring, one after the other."""
    process = psutil.Process(child.child.pid)
    before, began = process.memory_info().rss, time.monotonic()
    middle, last, missing = [], [], 0
    with crowd(port, path, headers, plan.sockets) as everybody:
        connected_s = time.monotonic() - began
        everybody.forget(plan.settle_s)
        grown = process.memory_info().rss - before
        for number in range(plan.alerts):
            times_ms = _once(everybody, ring, number)
            missing += plan.sockets - len(times_ms)
            middle.append(percentile(times_ms, 50))
            last.append(percentile(times_ms, 100))
            everybody.forget(plan.apart_s)
    return Fan(
        middle_ms=middle,
        last_ms=last,
        missing=missing,
        kib_a_socket=grown / 1024 / plan.sockets,
        connect_s=connected_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    sockets: int
    alerts: int
    settle_s: float = 6.0
    apart_s: float = 1.0


@dataclass(slots=True)
class Ring:
    """What makes an alert: `make` commits one and returns when, in ns since 1970; `sign` is in its text."""

    make: Callable[[int], int]
    sign: Callable[[int], bytes]
    text: bytes = b""


def _once(everybody: Crowd, ring: Ring, number: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    committed: list[int] = []
    thread = threading.Thread(target=lambda: committed.append(ring.make(number)))
    thread.start()
    came, text = everybody.hear(ring.sign(number), _PATIENCE_S)
    thread.join()
    ring.text = text
    return (np.array(came, dtype=np.float64) - committed[0]) / 1e6


def people(database_url: str, sockets: int) -> list[str]:
    """Let members of the team log in, as often as there are sockets; return their tokens."""
    tokens = [f"token-of-bench-{number:06d}" for number in range(sockets)]
    now = SystemClock().now()
    with psycopg.connect(database_url) as conn:
        conn.execute(
            # The platform's own team, whose patient comes and goes with each check of itself, is none of theirs.
            "with t as (select team_id, organisation_id from team order by team_id limit 1),"
            " s as (insert into staff (organisation_id, name, title, role)"
            " select organisation_id, 'Mia Mätsköterska ' || n, 'Sjuksköterska', 'nurse'"
            " from t, generate_series(1, %s) n returning staff_id),"
            " m as (insert into team_member (team_id, staff_id) select team_id, staff_id from t, s)"
            " insert into account (kind, username, staff_id) select 'staff', 'bench-' || staff_id, staff_id from s",
            (_PEOPLE,),
        )
        accounts = [each[0] for each in conn.execute("select account_id from account order by 1").fetchall()]
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into session (token_sha256, secret_sha256, account_id, way, created_at, seen_at, confirmed_at,"
                " expires_at) values (%(token)s, %(token)s, %(account)s, 'password', %(now)s, %(now)s, %(now)s,"
                " %(end)s)",
                [
                    {
                        "token": digest(token),
                        "account": accounts[number % len(accounts)],
                        "now": now,
                        "end": now + timedelta(hours=8),
                    }
                    for number, token in enumerate(tokens)
                ],
            )
    return tokens


def raise_alert(database_url: str, stays: list[StayId]) -> Callable[[int], int]:
    """Return what raises an alert about one of these stays."""

    async def whole(number: int) -> int:
        now = SystemClock().now()
        finding = Finding(
            stay_id=stays[number % len(stays)],
            rule=f"limit.spo2.low.{number}",
            family=Family.CLINICAL,
            priority=Priority.HIGH,
            began_at=now,
            due_at=now,
            evidence=Evidence(
                rule_version=1,
                text_key="limit.low",
                params={"kind": "spo2", "limit": 88.0, "value": 84.0, "unit": "%", "duration_s": 60.0},
                inputs=(Input(kind="spo2", value=84.0, unit="%", measured_at=now),),
                judged_at=now,
            ),
        )
        async with await connect(database_url, "bench") as conn:
            await apply.raise_or_update(conn, finding, now)
            await conn.commit()
            return time.time_ns()

    return lambda number: asyncio.run(whole(number))


@contextmanager
def our_api(running: Rig, database_url: str) -> Iterator[tuple[int, Child]]:
    """Run our api."""
    port = embedded.free_port()
    environment = {"HEMVAKT_DATABASE_URL": database_url, "HEMVAKT_HTTP_PORT": str(port)}
    command = python(str(PROJECT / "hemvakt.py"), "api")
    with running.running("api", command, environment, lambda: accepts(port)) as child:
        yield port, child


@contextmanager
def bare_server(running: Rig, database_url: str, text: bytes) -> Iterator[tuple[int, Child]]:
    """Run the floor, with what it is to say."""
    port, said = embedded.free_port(), running.folder / "said.json"
    said.write_bytes(text)
    with psycopg.connect(database_url) as conn:
        conn.execute(_BARE)
        conn.execute("insert into bare (number) select generate_series(1, 1000)")
    command = python("-m", "benchmarks.bare", str(port), database_url, str(said))
    with running.running("bare", command, {}, lambda: accepts(port)) as child:
        yield port, child


def _ours(running: Rig, plan: Plan) -> tuple[Fan, bytes]:
    with running.database(f"ours_{time.monotonic_ns()}") as database_url:
        asyncio.run(admit(database_url, _BEDS))
        tokens = people(database_url, plan.sockets)
        with psycopg.connect(database_url) as conn:
            stays = [StayId(each[0]) for each in conn.execute("select stay_id from stay order by 1").fetchall()]
        ring = Ring(raise_alert(database_url, stays), lambda number: f'"rule":"limit.spo2.low.{number}"'.encode())
        with our_api(running, database_url) as (port, child):
            cookie = lambda number: f"Cookie: hemvakt_session={tokens[number]}\r\n".encode()  # noqa: E731
            fan = measure(port, "/api/live", child, cookie, plan, ring)
    return fan, ring.text


def _floor(running: Rig, plan: Plan, text: bytes) -> Fan:
    with running.database(f"bare_{time.monotonic_ns()}") as database_url:

        def announce(_number: int) -> int:
            with psycopg.connect(database_url) as conn:
                conn.execute("update bare set times = times + 1 where number = 1")
                conn.execute("select pg_notify('fan', '')")
                conn.commit()
                return time.time_ns()

        with bare_server(running, database_url, text) as (port, child):
            return measure(port, "/ws", child, lambda _: b"", plan, Ring(announce, lambda _: text[-40:]))


def _line(who: str, fan: Fan, floor: Fan, others: float) -> str:
    last, middle = np.median(fan.last_ms), np.median(fan.middle_ms)
    ratio = last / np.median(floor.last_ms)
    cells = (float(middle), float(last), max(fan.last_ms), float(ratio), fan.kib_a_socket, fan.connect_s, fan.missing)
    return row(who, *cells, others)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=5000)
    parser.add_argument("--alerts", type=int, default=10, help="in each run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quiet", type=float, default=0.3, help="wait until others use fewer cores")
    flags = parser.parse_args()
    plan = Plan(sockets=flags.sockets, alerts=flags.alerts)
    titles = ("who", "middle ms", "last ms", "worst last", "last / floor", "KiB a socket", "connect s", "missing")
    print(head(*titles, "others' cores"))
    with rig() as running:
        for _ in range(flags.runs):
            await_quiet(flags.quiet)
            noise = Others()
            ours, text = _ours(running, plan)
            ours_noise, noise = noise.cores(), Others()
            floor = _floor(running, plan, text)
            print(_line("floor", floor, floor, noise.cores()))
            print(_line("hemvakt", ours, floor, ours_noise), flush=True)


if __name__ == "__main__":
    main()
