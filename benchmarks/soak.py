"""An hour of ten thousand patients, and whether anything grows, lags behind, is lost or rings twice.

The whole product (PostgreSQL with fsync, the endpoint, alerting with its rush, the api, five boards that are logged in)
with a patient for every device, who has been here for an hour already: what rules look back on is there from the
beginning, so whatever grows is growth. Each device sends an array of five readings a minute: heart rate, SpO2,
breathing, temperature, systolic pressure. Of every hundred patients five fall ill again and again: their pulse is 185
for four minutes of every twenty, which is beyond the hard ceiling and rings at once. The first board acknowledges each
such alert after twenty seconds; when the pulse is back it clears and closes by itself.

Judged is what comes after the first quarter. Flat is what grows by no more, over the rest, than is allowed (memory:
3 % or 4 MiB; open files: 5; evaluation lag: 0.5 s; PUBACK and alert, p50: 25 % or 5 ms) or by less than twice its own
noise. What was sent is acknowledged and stored, each patient who fell ill rang as often as that happened, and nobody
else rang. Ends with 1 where any of this is not so.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import psycopg

from benchmarks import soak_verdict, soak_watch
from benchmarks.contenders import DEVICE, SECRET, Extent, Name, Running, contender, now_text, settle
from benchmarks.figures import head, percentile, row
from benchmarks.rig import PROJECT, Others, Rig, load_average, rig
from benchmarks.soak_boards import RULE, Boards
from benchmarks.soak_devices import Counted, Rang
from benchmarks.sockets import people
from ward import process

_BOARDS = 5
_READINGS = 5
_INTERVAL_S = 60.0
_PAST = 60  # minutes: longer than rules look back on every single reading
_ILL = 0.05
_SETTLE_S = 60.0
_LEAST_S = 30.0  # what is left of a minute at the end makes no line
_OURS = ("ingest", "alerting", "rush", "api", "store")
_DECODE = msgspec.json.Decoder(Rang | Counted).decode
_HEAD = (
    "minute", "acknowledged/s", "PUBACK p50 ms", "p99", "lag s", "rang", "alert p50 ms", "p99", "unseen",
    *(f"MiB {name}" for name in _OURS), *(f"CPU {name}" for name in _OURS), "CPU devices", "files",
    "held", "new", "notifications", "alerts open", "readings MB", "store MB", "WAL MB", "others' cores",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What was seen of a minute. Memory in MiB; CPU in cores; files of all processes; sizes in MB."""

    minute: float
    acknowledged_s: float
    puback_p50_ms: float
    puback_p99_ms: float
    lag_s: float
    rang: int
    alert_p50_ms: float
    alert_p99_ms: float
    unseen: int
    memory: dict[str, float]
    cpu: dict[str, float]
    files: dict[str, int]
    asked: dict[str, float]
    readings_mb: float
    store_mb: float
    wal_mb: float
    others: float

    def line(self) -> str:
        """Return it as a line of a table."""
        return row(
            round(self.minute), round(self.acknowledged_s), self.puback_p50_ms, self.puback_p99_ms, self.lag_s,
            self.rang, self.alert_p50_ms, self.alert_p99_ms, self.unseen,
            *(self.memory[name] for name in _OURS), *(self.cpu[name] for name in (*_OURS, "devices")),
            sum(self.files.values()),
            *(self.asked[name] for name in ("held", "new", "notifications", "alerts")),
            self.readings_mb, self.store_mb, self.wal_mb, self.others,
        )  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Soak:
    """A run: what it runs on, and what has been seen."""

    rig: Rig
    running: Running
    boards: Boards
    lag: soak_watch.Lag
    minutes: list[Minute] = field(default_factory=list)
    rings: dict[int, int] = field(default_factory=dict)
    unseen: int = 0
    _waiting: list[tuple[int, int]] = field(default_factory=list)
    _last: Counted | None = None
    _costs: dict[str, soak_watch.Process] = field(default_factory=dict)
    _wal_mb: float = 0.0
    _others: Others = field(default_factory=Others)
    _at_s: float = 0.0
    _began_s: float = 0.0

    def rang(self, each: Rang) -> None:
        """Take note of who fell ill."""
        patient = int(self.running.patients[each.device])
        self.rings[patient] = self.rings.get(patient, 0) + 1
        self._waiting.append((patient, each.at_ns))

    def counted(self, now: Counted) -> None:
        """Take note of the fleet's counts; all but the first make a line."""
        at_s, before = time.monotonic(), self._last
        costs = soak_watch.processes(self.rig, self.running)
        costs["devices"] = soak_watch.Process(memory=0, files=0, cpu_s=now.cpu_s)
        size = soak_watch.sizes(self.running.database_url)
        if before is None:
            self._began_s = at_s
            self.lag.take()
        elif at_s - self._at_s > _LEAST_S:
            self._minute(before, now, costs, size, at_s)
        self._last, self._costs, self._wal_mb, self._at_s = now, costs, size.wal, at_s
        self._others = Others()

    def _minute(
        self, before: Counted, now: Counted, costs: dict[str, soak_watch.Process], size: soak_watch.Sizes, at_s: float
    ) -> None:
        spent_s = max(at_s - self._at_s, 1e-9)
        waited_ms, self._waiting = self.boards.waited_ms(self._waiting)
        seen = waited_ms[np.isfinite(waited_ms)]
        unseen = len(waited_ms) - len(seen)
        self.unseen += unseen
        self.boards.forget(time.time_ns() - 30 * 60 * 10**9)
        asked = dict(self.lag.take())
        minute = Minute(
            minute=(at_s - self._began_s) / 60,
            acknowledged_s=(now.acknowledged - before.acknowledged) / spent_s,
            puback_p50_ms=now.puback_p50_ms or float("nan"),
            puback_p99_ms=now.puback_p99_ms or float("nan"),
            lag_s=asked["lag_s"],
            rang=now.ill - before.ill,
            alert_p50_ms=percentile(seen, 50),
            alert_p99_ms=percentile(seen, 99),
            unseen=unseen,
            memory={name: each.memory for name, each in costs.items()},
            cpu={name: (each.cpu_s - self._costs[name].cpu_s) / spent_s for name, each in costs.items()},
            files={name: each.files for name, each in costs.items()},
            asked=asked,
            readings_mb=size.readings,
            store_mb=size.store,
            wal_mb=size.wal - self._wal_mb,
            others=self._others.cores(),
        )
        self.minutes.append(minute)
        print(minute.line(), flush=True)

    def last_alerts(self) -> None:
        """Wait for the alerts that are still on their way."""
        until_s = time.monotonic() + _SETTLE_S
        while self._waiting and time.monotonic() < until_s:
            waited_ms, self._waiting = self.boards.waited_ms(self._waiting)
            self.unseen += int(np.isinf(waited_ms).sum())
            time.sleep(0.5)
        self.unseen += len(self._waiting) * _BOARDS

    @property
    def last(self) -> Counted:
        """The fleet's last counts."""
        if self._last is None:
            raise AssertionError("the fleet has counted")
        return self._last


@asynccontextmanager
async def _fleet(running: Running, devices: int, minutes: float) -> AsyncIterator[asyncio.StreamReader]:
    flags = {
        "--port": running.mqtt_port, "--device": DEVICE, "--secret": SECRET, "--devices": devices, "--ill": _ILL,
        "--rate": devices * _READINGS / _INTERVAL_S, "--readings": _READINGS, "--seconds": minutes * 60, "--every": 60,
    }  # fmt: skip
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.soak_devices", *(str(part) for flag in flags.items() for part in flag),
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        preexec_fn=lambda: process.die_with_parent(15),  # type: ignore[arg-type]  # SIGTERM
    )  # fmt: skip
    try:
        if child.stdout is None:
            raise AssertionError("its output is a pipe")
        yield child.stdout
        if await child.wait():
            raise SystemExit("the fleet has ended badly")
    finally:
        if child.returncode is None:
            child.kill()


async def follow(soak: Soak, devices: int, minutes: float) -> None:
    """Let the fleet do its work, and take note of what it says."""
    async with _fleet(soak.running, devices, minutes) as said:
        async for raw in said:
            line = _DECODE(raw)
            if isinstance(line, Rang):
                soak.rang(line)
            else:
                await asyncio.to_thread(soak.counted, line)


def drifts(minutes: Sequence[Minute]) -> list[soak_verdict.Drift]:
    """Return how everything drifted that is to be flat, after the first quarter."""
    judged = list(minutes)[len(minutes) // 4 :]
    at = [each.minute for each in judged]

    def of(name: str, values: Sequence[float], allowed: float, share: float = 0.0) -> soak_verdict.Drift:
        known = [(minute, value) for minute, value in zip(at, values, strict=True) if np.isfinite(value)]
        return soak_verdict.drift(name, [each for each, _ in known], [each for _, each in known], allowed, share)

    found = [of(f"MiB of {name}", [each.memory[name] for each in judged], 4.0, 0.03) for name in _OURS]
    found += [of(f"files of {name}", [each.files[name] for each in judged], 5.0) for name in _OURS]
    found.append(of("evaluation lag, s", [each.lag_s for each in judged], 0.5))
    found.append(of("PUBACK p50, ms", [each.puback_p50_ms for each in judged], 5.0, 0.25))
    found.append(of("publish to board p50, ms", [each.alert_p50_ms for each in judged], 5.0, 0.25))
    return found


def _rung(running: Running) -> tuple[dict[int, int], dict[str, int]]:
    """Return how often the expected rule rang for each patient, and how often others did.

    The platform's own synthetic patient, who rings to show that ringing works, is left out.
    """
    who = list(map(int, running.patients))
    with psycopg.connect(running.database_url) as conn:
        mine = conn.execute(
            "select patient_id, count(*) from alert join stay using (stay_id)"
            " where rule = %s and patient_id = any(%s) group by 1",
            (RULE, who),
        ).fetchall()
        others = conn.execute(
            "select rule, count(*) from alert join stay using (stay_id)"
            " where rule <> %s and patient_id = any(%s) group by 1",
            (RULE, who),
        ).fetchall()
    return {int(patient): int(count) for patient, count in mine}, {str(rule): int(count) for rule, count in others}


def verdict(soak: Soak, stored: int, opened_s: float) -> bool:
    """Print what came of it; return whether all is as it should be."""
    found, last = drifts(soak.minutes), soak.last
    print(f"\n{head(*soak_verdict.HEAD)}")
    for each in found:
        print(each.line())
    rung, others = _rung(soak.running)
    wrong = {patient for patient in {*rung, *soak.rings} if rung.get(patient, 0) != soak.rings.get(patient, 0)}
    missing = sum(max(0, soak.rings.get(each, 0) - rung.get(each, 0)) for each in wrong)
    checks = {
        f"messages: sent {last.sent:,}, acknowledged {last.acknowledged:,}": last.sent == last.acknowledged,
        f"readings: sent {last.readings:,}, acknowledged {last.readings_acknowledged:,}, stored {stored:,}":
            last.readings == last.readings_acknowledged == stored,
        f"connections lost {last.lost_connections}, refused readings {last.refused}": not last.refused,
        f"patients fell ill {last.ill} times, rang {sum(rung.values())} times; missing {missing},"
        f" too many {sum(max(0, rung.get(each, 0) - soak.rings.get(each, 0)) for each in wrong)}": not wrong,
        f"alerts that a board did not show within a minute: {soak.unseen}": not soak.unseen,
        f"other alerts: {', '.join(f'{rule} {count}' for rule, count in sorted(others.items())) or 'none'}": not others,
        f"boards hung up on {soak.boards.hung_up} times {soak.boards.failed}": not soak.boards.hung_up,
        "everything above is flat": all(each.flat for each in found),
    }  # fmt: skip
    print()
    for says, good in checks.items():
        print(f"- {'yes' if good else '**no**'}: {says}")
    print(
        f"\n{soak.boards.acknowledged} alerts acknowledged on a board, {soak.boards.not_acknowledged} not, the slowest"
        f" in {soak.boards.slowest_s:.2f} s; {soak.lag.failed} questions after figures failed;"
        f" {soak.boards.snapshots} snapshots, the first {_BOARDS} after {opened_s:.1f} s"
    )
    return all(checks.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--plot", type=Path, help="where to draw the curves")
    parser.add_argument("--out", type=Path, help="where to write each minute as a line of JSON")
    parser.add_argument("--keep-logs", type=Path, help="folder to copy the services' logs to")
    flags = parser.parse_args()
    process.many_files()
    print(
        f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}; {flags.devices:,} devices, an array of"
        f" {_READINGS} readings every {_INTERVAL_S:g} s each: {flags.devices / _INTERVAL_S:.0f} messages and"
        f" {flags.devices * _READINGS / _INTERVAL_S:.0f} readings a second; {_BOARDS} boards\n\n{head(*_HEAD)}",
        flush=True,
    )
    with (
        rig() as machine,
        contender(machine, Name.ENDPOINT, Extent.WHOLE, flags.devices, past_minutes=_PAST) as running,
    ):
        tokens = people(running.database_url, _BOARDS)
        soak = Soak(
            rig=machine,
            running=running,
            boards=Boards(port=running.web_port, tokens=tokens),
            lag=soak_watch.Lag(running.web_port),
        )
        opened_s = soak.boards.start()
        soak.lag.start()
        asyncio.run(follow(soak, flags.devices, flags.minutes))
        stored = settle(
            running.database_url, Name.ENDPOINT, least=running.counted + soak.last.readings, patience_s=_SETTLE_S
        )
        soak.last_alerts()
        good = verdict(soak, stored - running.counted, opened_s)
        soak.lag.stop()
        soak.boards.stop()
        if flags.out is not None:
            flags.out.write_bytes(b"\n".join(msgspec.json.encode(asdict(each)) for each in soak.minutes) + b"\n")
        if flags.plot is not None:
            from benchmarks import soak_plot  # noqa: PLC0415 - matplotlib is slow to load

            soak_plot.plot(flags.plot, soak.minutes)
        if flags.keep_logs is not None:
            flags.keep_logs.mkdir(parents=True, exist_ok=True)
            for each in running.children:
                (flags.keep_logs / f"{each.name}.log").write_bytes(each.log.read_bytes())
    if not good:
        raise SystemExit("something grows, is late, or was lost: see above")


if __name__ == "__main__":
    main()
