"""What trends are judged by, on a real store: quarters of the readings, however rolled up, and a memory of them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np
import pytest

from alerting import trend_period
from alerting.features import Batch, StayContext, batch, seconds
from alerting.quarters import QUARTER_S
from alerting.rules import baseline_rules, slopes
from alerting.tracks import Track, Verdict
from alerting.trend_memory import AGAIN_S, MOST, MOST_LEARNT, SETTLED_S, TrendMemory
from tests.builders_alerting import a_plan
from tests.builders_trends import HOUR_S, a_series, a_trend_batch
from tests.integration.test_rollups import columns, prepared, roll_all, store
from ward.clock import to_us
from ward.people import StayId
from ward.plans import Deviation, Side, Slope
from ward.store import quarters, registry, rollups
from ward.store.pool import Connection
from ward.vitals import USABLE, VITALS, Validity, VitalKind

pytestmark = pytest.mark.integration

START = datetime(2026, 3, 1, tzinfo=UTC)
PULSE, CODE = VitalKind.HEART_RATE, VITALS[VitalKind.HEART_RATE].code
PLAN = a_plan(
    slopes=(Slope(kind=PULSE, per_hour=3.0, over_s=6 * HOUR_S),),
    deviations=(Deviation(kind=PULSE, side=Side.HIGH, sds=3.0, hold_s=2 * HOUR_S),),
)
Scene = Callable[[Connection, int], Coroutine[None, None, None]]


def played(database_url: str, scene: Scene, days: int = 5) -> None:
    """Play a scene on a store that can take readings of some days."""

    async def play() -> None:
        conn = await prepared(database_url, START, days)
        async with conn:
            await scene(conn, await registry.version(conn))

    asyncio.run(play())


def restless(seed: int, count: int, hours: float) -> list[tuple[int, int, float, Validity]]:
    """Return readings at any times, some of them not usable."""
    rng = np.random.default_rng(seed)
    times = rng.choice(int(hours * HOUR_S), count, replace=False)
    validity = rng.choice(np.array([each.value for each in Validity]), count, p=[0.8, *[0.025] * 8])
    return [
        (int(second), int(kind), float(value), Validity(int(each)))
        for second, kind, value, each in zip(
            times, rng.choice([1, 3], count), rng.uniform(50, 99, count), validity, strict=True
        )
    ]


def naive(kept: list[tuple[int, int, float, Validity]], kind: int, step_s: int) -> list[tuple[object, ...]]:
    """Compute steps one reading at a time."""
    found: dict[int, list[float]] = defaultdict(list)
    for second, which, value, validity in kept:
        if which == kind and validity in USABLE:
            found[to_us(START) + second // step_s * step_s * 1_000_000].append(value)
    return [(at, len(v), pytest.approx(sum(v)), min(v), max(v)) for at, v in sorted(found.items())]


def test_h19_steps_are_those_of_the_readings(database_url: str) -> None:
    """Out of aggregates, out of readings, and out of both with something late in between: always the same steps."""
    stays = (StayId(1), StayId(2))
    of = {stay: restless(stay, 900, 60) for stay in stays}
    late = {stay: restless(10 + stay, 40, 50) for stay in stays}
    late = {stay: [each for each in new if each[:2] not in {e[:2] for e in of[stay]}] for stay, new in late.items()}

    async def scene(conn: Connection, version: int) -> None:
        for stay in stays:
            await store(conn, columns(stay, START, of[stay]), version)
        await compare(conn, of)
        while await rollups.advance(conn, START + timedelta(hours=40)):
            pass
        await compare(conn, of)
        for _ in range(20):
            await rollups.roll_some(conn)
        await compare(conn, of)
        await roll_all(conn, START + timedelta(hours=47))
        for stay in stays:
            await store(conn, columns(stay, START, late[stay]), version)
        await compare(conn, {stay: of[stay] + late[stay] for stay in stays})
        await roll_all(conn, START + timedelta(days=4))
        await compare(conn, {stay: of[stay] + late[stay] for stay in stays})

    async def compare(conn: Connection, kept: dict[StayId, list[tuple[int, int, float, Validity]]]) -> None:
        wanted = [
            quarters.Wanted(stay_id=stay, kind=kind, since=START, until=START + timedelta(days=3))
            for stay in stays
            for kind in (1, 3)
        ]
        for level, step_s in ((quarters.QUARTER, 900), (quarters.HOURLY, 3600)):
            rows = await quarters.read(conn, wanted, level)
            for place, each in enumerate(wanted):
                own = rows[rows["place"] == place]
                found = [own[name].tolist() for name in ("start_us", "n", "total", "low", "high")]
                assert list(zip(*found, strict=True)) == naive(kept[each.stay_id], each.kind, step_s)

    played(database_url, scene)


def test_steps_end_where_they_are_asked_to(database_url: str) -> None:
    """A step before the beginning or from the end on is not read; each stay has its own."""

    async def scene(conn: Connection, version: int) -> None:
        await store(conn, columns(1, START, [(900 * n, CODE, 70.0 + n, Validity.VLD) for n in range(10)]), version)
        wanted = [
            quarters.Wanted(
                stay_id=StayId(1),
                kind=CODE,
                since=START + timedelta(minutes=15 * since),
                until=START + timedelta(minutes=15 * until),
            )
            for since, until in ((2, 4), (5, 6), (9, 9))
        ]
        rows = await quarters.read(conn, wanted)

        assert rows["place"].tolist() == [0, 0, 1]
        assert rows["total"].tolist() == [72, 73, 75]

    played(database_url, scene)


# A pulse with a normal, that rises by seven an hour in the evening of the fourth day, a value every five minutes.
TIMES = np.arange(0, 92 * HOUR_S, 300.0)
LIVED = 70 + np.random.default_rng(5).normal(0, 1.5, len(TIMES)) + 7 * np.clip(TIMES / HOUR_S - 84, 0, 6)
STAY = StayContext(stay_id=StayId(1), plan=PLAN, watched_from_s=0.0, alerts={})


def readings(first_h: float = 0, last_h: float = 92) -> list[tuple[int, int, float, Validity]]:
    """Return the readings of some hours."""
    chosen = (first_h * HOUR_S <= TIMES) & (last_h * HOUR_S > TIMES)
    return [(int(t), CODE, float(v), Validity.VLD) for t, v in zip(TIMES[chosen], LIVED[chosen], strict=True)]


def looked(database_url: str, scene: Scene) -> None:
    """Play a scene with these readings stored until the 86th hour."""

    async def whole(conn: Connection, version: int) -> None:
        await store(conn, columns(1, START, readings(last_h=86)), version)
        await scene(conn, version)

    played(database_url, whole)


async def recalled(
    conn: Connection,
    memory: TrendMemory,
    hour: float,
    since_h: float | None = None,
    stays: tuple[StayContext, ...] = (STAY,),
) -> Batch:
    """Recall what is to be judged at an hour."""
    since = {} if since_h is None else {STAY.stay_id: START + timedelta(hours=since_h)}
    return await memory.recall(conn, batch(stays, {}), seconds(START) + hour * HOUR_S + SETTLED_S, since)


def held(track: Track, at_s: float) -> tuple[Verdict, float]:
    """Return what a track says at a time: verdict and beginning."""
    row = int(np.searchsorted(track.from_s, at_s, side="right")) - 1
    return (Verdict.UNKNOWN, -1.0) if row < 0 else (
        Verdict(int(track.verdict[row])), float(np.nan_to_num(track.began_s[row], nan=-1.0))
    )  # fmt: skip


def test_what_is_recalled_says_what_all_of_it_says(database_url: str) -> None:
    """At every quarter of an hour a new worker, an old one, and who looks back say what all readings together say."""
    shift_s = seconds(START) - 1_795_215_600.0
    whole = a_trend_batch([STAY], {PULSE: a_series((TIMES + shift_s, LIVED))})
    tracks = {**slopes.judge(whole), **baseline_rules.judge(whole)}

    async def scene(conn: Connection, version: int) -> None:
        old = TrendMemory()
        seen = set()
        for quarter in range(86 * 4, 92 * 4):
            hour = quarter / 4
            await store(conn, columns(1, START, readings(hour - 0.25, hour)), version)
            for memory in (old, TrendMemory()):
                found = await recalled(conn, memory, hour)
                at_s = seconds(START) + hour * HOUR_S + 1
                for name, track in {**slopes.judge(found), **baseline_rules.judge(found)}.items():
                    assert held(track, at_s) == held(tracks[name], at_s), (name, hour)
                    seen.add((name, held(track, at_s)[0]))
        from_s, until_s = seconds(START) + 86 * HOUR_S, seconds(START) + 92 * HOUR_S
        at_hand = 86 * HOUR_S - trend_period.needed(PLAN)[PULSE] <= TIMES
        series = a_series((TIMES[at_hand] + shift_s, LIVED[at_hand]))
        earlier = await trend_period.hours_before(conn, (STAY,), from_s)
        period = trend_period.period(batch((STAY,), {PULSE: series}), from_s, until_s, earlier)
        for name, track in {**slopes.judge(period), **baseline_rules.judge(period)}.items():
            times = seconds(START) + np.arange(86, 92, 0.125) * HOUR_S
            assert [held(track, at_s) for at_s in times] == [held(tracks[name], at_s) for at_s in times], name
        assert ("slope.heart_rate.rise.6h", Verdict.MEDIUM) in seen
        assert ("deviation.heart_rate.high", Verdict.MEDIUM) in seen
        assert ("deviation.heart_rate.high", Verdict.QUIET) in seen

    looked(database_url, scene)


def test_nothing_is_read_twice(database_url: str) -> None:
    """Within a quarter of an hour a stay is read once, and not before that quarter has settled."""

    async def scene(conn: Connection, _version: int) -> None:
        memory = TrendMemory()

        assert (await recalled(conn, memory, 86)).quarters
        assert not (await recalled(conn, memory, 86.1)).quarters
        assert not (await recalled(conn, memory, 86.25 - 2 / 3600)).quarters
        assert (await recalled(conn, memory, 86.25)).quarters
        memory.forget()
        assert (await recalled(conn, memory, 86.26)).quarters

    looked(database_url, scene)


def test_h20_burst_is_judged_at_once_in_its_own_time(database_url: str) -> None:
    """What comes hours late is looked at from where it was measured on, in one look, and nothing before it."""

    async def scene(conn: Connection, version: int) -> None:
        memory = TrendMemory()
        await recalled(conn, memory, 90)
        await store(conn, columns(1, START, readings(86, 90)), version)
        found = await recalled(conn, memory, 90.02, since_h=86)
        again = await recalled(conn, memory, 90.04)
        track = slopes.judge(found)["slope.heart_rate.rise.6h"]

        assert dict(again.quarters) == {}
        assert (track.verdict >= Verdict.LOW).any()
        assert track.from_s[track.verdict >= Verdict.LOW].min() < seconds(START) + 90 * HOUR_S
        assert track.from_s.min() >= seconds(START) + 86 * HOUR_S

    looked(database_url, scene)


def test_what_is_always_a_little_late_is_looked_at_now_and_then(database_url: str) -> None:
    """Readings that come after their quarter was judged, as some always do, wait for some minutes together."""

    async def scene(conn: Connection, version: int) -> None:
        memory = TrendMemory()
        await recalled(conn, memory, 86)
        await store(conn, columns(1, START, readings(86, 86.01)), version)

        assert not (await recalled(conn, memory, 86.02, since_h=85.9)).quarters
        assert (await recalled(conn, memory, 86 + AGAIN_S / HOUR_S)).quarters
        assert not (await recalled(conn, memory, 86.1)).quarters

    looked(database_url, scene)


def test_a_pass_judges_a_few_stays(database_url: str) -> None:
    """Of many stays some are read in each pass, fewer where normals are to be learnt, until all have been."""
    many = tuple(replace(STAY, stay_id=StayId(number)) for number in range(1, 2 * MOST + 11))

    async def scene(conn: Connection, version: int) -> None:
        for stay in many[1:]:
            await store(conn, columns(stay.stay_id, START, readings(85, 86)), version)
        memory = TrendMemory()

        async def passes(hour: float) -> list[list[int]]:
            read = []
            while (found := await recalled(conn, memory, hour, stays=many)).quarters:
                read.append(np.flatnonzero(np.diff(found.quarters[PULSE].offsets)).tolist())
            return read

        first, next_ = await passes(86), await passes(86.25)

        assert [len(each) for each in first] == [MOST_LEARNT] * (len(many) // MOST_LEARNT)
        assert [len(each) for each in next_] == [MOST, MOST, 10]
        for read in (first, next_):
            assert sorted(chain.from_iterable(read)) == list(range(len(many)))

    looked(database_url, scene)


def test_plan_without_trends_reads_nothing(database_url: str) -> None:
    """A stay whose plan asks for no trend is never read for one."""

    async def scene(conn: Connection, _version: int) -> None:
        bare = a_plan(slopes=(), deviations=(), gain=None, support=None)
        found = await recalled(conn, TrendMemory(), 86, stays=(replace(STAY, plan=bare),))

        assert dict(found.quarters) == {}
        assert quarters.QUARTER.step.total_seconds() == QUARTER_S

    looked(database_url, scene)
