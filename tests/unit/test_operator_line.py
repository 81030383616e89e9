"""The line to the operator: in order, again when it did not go out, and never behind a call that hangs."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from alerting import operator_line
from alerting.operator_line import Line, gateway
from ward.clock import FakeClock

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def test_h04_what_could_not_be_said_is_said_when_the_gateway_is_back() -> None:
    """What the gateway refuses goes out before what comes later, and says since when; then nothing is left to say."""
    said: list[str] = []
    refusals = [ConnectionError(), ConnectionError()]

    def way(what: str) -> None:
        if refusals:
            raise refusals.pop()
        said.append(what)

    async def run() -> None:
        clock = FakeClock(NOON)
        line = Line(clock=clock)
        await line.say("the store does not answer", way)
        await line.go_on()
        clock.advance(timedelta(minutes=40))
        await line.say("the store answers", way)
        await line.go_on()

    asyncio.run(run())
    assert said == ["the store does not answer (since 2026-11-20 11:00 UTC)", "the store answers"]


def test_call_that_hangs_is_not_joined_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a call has not come back no other is begun: a gateway that hangs takes one thread."""
    monkeypatch.setattr(operator_line, "TELLING_S", 0)
    calls: list[str] = []
    free = threading.Event()

    def way(what: str) -> None:
        calls.append(what)
        free.wait()

    async def run() -> None:
        line = Line(clock=FakeClock(NOON))
        for each in ("one", "two", "three"):
            await line.say(each, way)
        assert len(line.unsaid) == 3
        assert line.out is not None
        free.set()
        await line.out
        monkeypatch.setattr(operator_line, "TELLING_S", 10)
        await line.go_on()
        assert line.unsaid == []

    asyncio.run(run())
    assert calls == ["one", *(f"{each} (since 2026-11-20 11:00 UTC)" for each in ("one", "two", "three"))]


def test_gateway_that_refuses_says_so() -> None:
    """A gateway that cannot be used is a refusal, and none at all is the log's."""
    gateway("", "title")("nothing happens")
    with pytest.raises(ConnectionError):
        gateway("json://127.0.0.1:1/", "title")("nobody answers there")
