"""What the self-check tells of a failure: the operator on a way of their own, the outside watcher by its silence."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

import pytest

from alerting import selfcheck
from tests.delivery_scene import Scene, scene
from tests.fix_ward import Ward
from tests.integration.test_selfcheck import EVERY, Enough, _evaluate, _walk
from ward.guard import Part

pytestmark = pytest.mark.integration
Loop = Callable[[selfcheck.Watch], Coroutine[object, object, None]]


async def _rounds(here: Scene, monkeypatch: pytest.MonkeyPatch, most: int, step: timedelta, loop: Loop) -> list[str]:
    """Let a loop of the watch go round so often, time passing by `step` in between; return what it told."""
    told: list[str] = []
    rounds: list[float] = []

    async def asleep(seconds: float) -> None:
        rounds.append(seconds)
        here.clock.advance(step)
        if len(rounds) == most:
            raise Enough

    watch = selfcheck.Watch(
        store=here.courier.store,
        clock=here.clock,
        every=EVERY,
        alarm=told.append,
        relieve=lambda said: told.append(f"over: {said}"),
        signal=lambda: told.append("signal"),
    )
    with monkeypatch.context() as patch:
        patch.setattr("alerting.selfcheck.asyncio.sleep", asleep)
        with pytest.raises(Enough):
            await loop(watch)
    return told


def test_h04_walk_that_fails_is_told_to_the_operator_and_again_while_it_lasts(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at work each walk fails: the first is told at once, and then each sixth."""

    async def run() -> None:
        async with scene(ward) as here:
            said = "the synthetic alert did not get through alerting"
            walks = [await _rounds(here, monkeypatch, 2 * many, EVERY / 2, selfcheck.Watch.walk) for many in (1, 5, 1)]
            assert walks == [[said], [], [said]]

    asyncio.run(run())


def test_h36_outside_watcher_hears_nothing_of_a_platform_that_cannot_be_relied_on(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes after a good walk, stops when the last one failed, and when that cannot even be asked."""

    async def calm(*_: object) -> dict[Part, str]:
        return {}

    monkeypatch.setattr(selfcheck, "strained", calm)

    async def run() -> None:
        async with scene(ward) as here:
            never = await _rounds(here, monkeypatch, 1, timedelta(0), selfcheck.Watch.signals)
            await _walk(here)
            well = await _rounds(here, monkeypatch, 2, timedelta(0), selfcheck.Watch.signals)
            here.clock.advance(EVERY)
            await _rounds(here, monkeypatch, 2, EVERY / 2, selfcheck.Watch.walk)
            failed = await _rounds(here, monkeypatch, 2, timedelta(0), selfcheck.Watch.signals)

            assert (never, well, failed) == ([], ["signal", "signal"], [])

            async def unknown(*_: object) -> list[str]:
                raise KeyError("walk")

            monkeypatch.setattr(selfcheck, "complaints", unknown)
            assert await _rounds(here, monkeypatch, 2, timedelta(0), selfcheck.Watch.signals) == []

    asyncio.run(run())


def test_h22_strain_is_told_at_the_second_look_and_stops_the_signal_at_the_first(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What strains the platform for a moment is no alarm; what is there half a minute later is one, once."""
    looks = [{}, {Part.DISK: "the disk is full"}, {}, *[{Part.DISK: "the disk is full"}] * 3]

    async def strained(*_: object) -> dict[Part, str]:
        return looks.pop(0)

    async def run() -> None:
        async with scene(ward) as here:
            await _walk(here)
            monkeypatch.setattr(selfcheck, "strained", strained)
            told = await _rounds(here, monkeypatch, 6, timedelta(0), selfcheck.Watch.signals)

            assert told == ["signal", "signal", "the disk is full"]

    asyncio.run(run())


def test_h04_operator_hears_when_the_synthetic_alert_gets_through_again(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told that a walk failed is told of the first that is good again, and of no other."""

    async def run() -> None:
        async with scene(ward) as here:
            failed = await _rounds(here, monkeypatch, 2, EVERY / 2, selfcheck.Watch.walk)
            here.clock.advance(EVERY)
            again = [await _good(here, monkeypatch) for _ in range(2)]

            assert failed == ["the synthetic alert did not get through alerting"]
            assert again == [["over: the synthetic alert gets through again"], []]

    asyncio.run(run())


async def _good(here: Scene, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a whole walk be good; return what was told."""
    here.clock.advance(EVERY)
    begun = await _rounds(here, monkeypatch, 1, timedelta(0), selfcheck.Watch.walk)
    await _evaluate(here)
    await here.pass_()
    return begun + await _rounds(here, monkeypatch, 1, timedelta(0), selfcheck.Watch.walk)


def test_strain_is_over_when_it_has_been_away_for_five_minutes(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes back within that was never over, and is not told anew; one that is over is, when it comes back."""
    full: dict[Part, str] = {Part.DISK: "the disk is full"}
    looks = [full] * 3 + [{}] * 9 + [full] * 3 + [{}] * 11 + [full] * 2

    async def strained(*_: object) -> dict[Part, str]:
        return looks.pop(0)

    async def run() -> None:
        async with scene(ward) as here:
            monkeypatch.setattr(selfcheck, "strained", strained)
            told = await _rounds(here, monkeypatch, len(looks), timedelta(0), selfcheck.Watch.signals)

            over = "over: for 5 minutes all is well with the disk"
            assert [each for each in told if each != "signal"] == ["the disk is full", over, "the disk is full"]

    asyncio.run(run())


def test_h22_strain_is_told_where_nothing_walks_and_no_signal_is_given(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the synthetic alert nobody can say that all is well; what strains the platform is told all the same."""

    async def strained(*_: object) -> dict[Part, str]:
        return {Part.DISK: "the disk is full"}

    async def run() -> None:
        async with scene(ward) as here:
            await _walk(here)
            monkeypatch.setattr("tests.integration.test_selfcheck_told.EVERY", timedelta(0))
            calm = await _rounds(here, monkeypatch, 1, timedelta(0), selfcheck.Watch.signals)
            monkeypatch.setattr(selfcheck, "strained", strained)
            told = await _rounds(here, monkeypatch, 2, timedelta(0), selfcheck.Watch.signals)

            assert (calm, told) == ([], ["the disk is full"])

    asyncio.run(run())


def test_h36_second_service_that_falls_silent_is_told_beside_the_first(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the api was told of a moment ago does not keep ingest from being told, each once."""
    api: dict[Part, str] = {Part.NO_API: "no sign of life of api"}
    both = api | {Part.NO_INGEST: "no sign of life of ingest"}
    looks = [api, api, both, both, both]

    async def strained(*_: object) -> dict[Part, str]:
        return looks.pop(0)

    async def run() -> None:
        async with scene(ward) as here:
            monkeypatch.setattr(selfcheck, "strained", strained)
            told = await _rounds(here, monkeypatch, len(looks), timedelta(0), selfcheck.Watch.signals)

            assert told == ["no sign of life of api", "no sign of life of ingest"]

    asyncio.run(run())
