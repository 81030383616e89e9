"""How many stays a core looks at: ten seconds of new ECG at 250 Hz and PPG at 125 Hz, read, computed, written.

`python -m benchmarks.wave_pass [--stays 128] [--rounds 3]`, on an embedded store of its own. Every stay has two minutes
of waveforms in the store; in each round ten seconds more of each have come, and the pass does what it does live: it
claims the stays, reads and decodes the blocks of the stretch, computes, and writes the rows and the requests. CPU time
is that of this process; the server's is said apart. Beside it stands what the reading alone takes of the same
stretches, held in memory. Records are MIT-BIH (ECG) and BIDMC (PPG) where they lie in `--data`, else made-up hearts.
"""

import argparse
import asyncio
import cProfile
import pstats
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from alerting import waves, waves_read
from alerting.features import moment
from alerting.signal.records import Floats
from alerting.waves_read import Wanted
from benchmarks import annotated
from tests.builders_hearts import heart, lead, pulse, steady
from tests.builders_waves import PPG_HZ, START_S, blocks, cell_at, pieces_of
from tests.fix_ward import Bed, admit
from ward.store import embedded, migrate, wave_due
from ward.store.pool import Connection, connect
from ward.store.waveforms import BlockRow, insert_blocks
from ward.waveforms import WaveformBlock, WaveKind

ECG_HZ: Final = 250.0
BEFORE_S: Final = 130.0
NEW_S: Final = 10.0
START = moment(START_S)
Course = tuple[list[WaveformBlock], list[WaveformBlock]]


def courses(data: Path | None, count: int, length_s: float) -> list[Course]:
    """Return the blocks of ECG and of PPG of so many people."""
    made = []
    ecg, ppg = _recorded(data) if data else ([], [])
    for number in range(count):
        if ecg:
            heart_mv, wave = _cut(ecg, number, ECG_HZ, length_s), _cut(ppg, number, PPG_HZ, length_s)
        else:
            of = heart(steady(60 + number % 40, end_s=length_s, seed=number))
            heart_mv, wave = lead(of, length_s=length_s), pulse(of, fs_hz=PPG_HZ, length_s=length_s)
        made.append((blocks(heart_mv), blocks(wave, kind=WaveKind.PPG, fs_hz=PPG_HZ)))
    return made


def _recorded(data: Path) -> tuple[list[Floats], list[Floats]]:
    ecg = []
    for name in annotated.names(data, "mitdb", ".dat.xz"):
        record = annotated.mitdb(data, name)
        at = np.arange(0, record.ecg_mv.shape[1] - 1, record.fs_hz / ECG_HZ)
        ecg.append(np.interp(at, np.arange(record.ecg_mv.shape[1]), record.ecg_mv[0]))
    ppg = [np.nan_to_num(annotated.bidmc(data, name).ppg) for name in annotated.names(data, "bidmc", "_Signals.csv.xz")]
    return ecg, ppg


def _cut(records: Sequence[Floats], number: int, fs_hz: float, length_s: float) -> Floats:
    record, length = records[number % len(records)], round(length_s * fs_hz)
    first = number * 997 % max(1, len(record) - length)
    return record[first : first + length]


async def fill(conn: Connection, beds: Sequence[Bed], course: Sequence[Course], first: int, until: int) -> None:
    """Store the blocks from `first` until before `until` of everybody."""
    for bed, (ecg, ppg) in zip(beds, course, strict=True):
        rows = [
            BlockRow(stay_id=bed.stay_id, device_no=bed.device_no, received_at=START, block=block)
            for block in (*ecg[first:until], *ppg[first:until])
        ]
        async with conn.transaction():
            await insert_blocks(conn, rows)
    await wave_due.enrol(conn)


async def round_of(conn: Connection, now_s: float) -> tuple[int, int, float, float]:
    """Look until nobody is left; return stays, cells, seconds of the clock, and of this process's CPU."""
    stays = cells = 0
    clock, cpu = time.perf_counter(), time.process_time()
    while True:
        async with conn.transaction():
            looked = await waves.look(conn, START + timedelta(seconds=now_s))
        if not looked.stays:
            return stays, cells, time.perf_counter() - clock, time.process_time() - cpu
        stays, cells = stays + looked.stays, cells + looked.cells


async def measure(database_url: str, stays: int, rounds: int, data: Path | None) -> None:
    """Print what each round took."""
    await migrate.migrate(database_url, START)
    ward = await admit(database_url, stays, START)
    length = round((BEFORE_S + (rounds + 1) * NEW_S) / NEW_S)
    course = courses(data, stays, length * NEW_S)
    before = round(BEFORE_S / NEW_S)
    async with await connect(database_url, "bench", autocommit=True) as conn:
        await migrate.ensure_partitions(conn, [START.date() + timedelta(days=n) for n in (-1, 0, 1)])
        await fill(conn, ward.beds, course, 0, before)
        await round_of(conn, BEFORE_S)
        await conn.execute("analyze")
        for number in range(rounds):
            await fill(conn, ward.beds, course, before + number, before + number + 1)
            served = _server_s(conn)
            took, cells, clock_s, cpu_s = await round_of(conn, BEFORE_S + (number + 1) * NEW_S)
            served = _server_s(conn) - served
            print(
                f"round {number}: {took} stays, {cells} times ten seconds in {clock_s:.2f} s:"
                f" {cells / clock_s:.0f} stays/s; {1e3 * cpu_s / cells:.2f} ms CPU each,"
                f" server {1e3 * served / cells:.2f} ms; a core follows {NEW_S * cells / (cpu_s + served):.0f} stays"
            )
    alone(course, before)


def _server_s(conn: Connection) -> float:
    """Return the CPU seconds of the server process that serves this connection."""
    times = psutil.Process(conn.info.backend_pid).cpu_times()
    return float(times.user + times.system)


def alone(course: Sequence[Course], before: int) -> None:
    """Print what decoding and computing take without a store, and what of it the signal core takes."""
    cell_s = (before - 1) * NEW_S
    wanted = [
        Wanted(stay_id=1, cell=cell_at(cell_s), pieces=pieces_of([*ecg[: before + 2], *ppg[: before + 2]]))  # type: ignore[arg-type]
        for ecg, ppg in course
    ]
    cpu = time.process_time()
    waves_read.read(wanted)
    spent = time.process_time() - cpu
    print(f"reading alone: {1e3 * spent / len(wanted):.2f} ms CPU each, {len(wanted) / spent:.0f} stays/s/core")
    profile = cProfile.Profile()
    profile.runcall(waves_read.read, wanted)
    stats = pstats.Stats(profile)
    total: float = stats.total_tt  # type: ignore[attr-defined]
    parts = {"waves_heart.py": "ECG", "waves_pulse.py": "PPG", "waves_claims.py": "claims"}
    for (file, _, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        name = next((said for ending, said in parts.items() if file.endswith(ending)), None)
        if name and function in {"read", "claims", "standstill"}:
            print(f"  of it {name} {function}: {100 * cumulative / total:.0f} %")


def main() -> None:
    """Run on a store of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        server = embedded.start(Path(folder))
        try:
            asyncio.run(measure(server.database_url, flags.stays, flags.rounds, flags.data))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
