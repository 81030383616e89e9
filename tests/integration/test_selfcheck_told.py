"""What the self-check tells of a failure: the operator on a way of their own, the outside watcher by its silence."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

import pytest

from alerting import selfcheck
from tests.delivery_scene import Scene, scene
from tests.fix_ward import Ward
from tests.integration.test_selfcheck import EVERY, Enough, _walk
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
