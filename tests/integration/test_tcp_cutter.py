"""The forwarder of the fault runs: bytes come through whole and in order until a fuse has burnt down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import pytest

from benchmarks.tcp_cutter import FAIR, Cutter, End, Way, Weather
from ward.store.embedded import free_port

SENT = bytes(range(256)) * 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A connection through a forwarder: the device's end, and the door's."""

    cutter: Cutter
    near: asyncio.StreamReader
    speak: asyncio.StreamWriter
    far: asyncio.StreamReader
    answer: asyncio.StreamWriter


def a_seed(way: Way) -> int:
    """Return a seed by which the first fuse burns with the bytes that go that way."""
    return next(seed for seed in range(100) if Random(seed).choice(tuple(Way)) is way)


@asynccontextmanager
async def a_line(weather: Weather, seed: int = 0) -> AsyncIterator[Line]:
    """Open a connection through a forwarder under a weather."""
    arrived: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda *streams: arrived.put_nowait(streams), "127.0.0.1", 0)
    closed, door = free_port(), server.sockets[0].getsockname()[1]
    cutter = Cutter([closed, door], weather, Random(seed), lambda _end: None)
    await cutter.start()
    near, speak = await asyncio.open_connection("127.0.0.1", cutter.port)
    far, answer = await arrived.get()
    try:
        async with asyncio.timeout(20):
            yield Line(cutter=cutter, near=near, speak=speak, far=far, answer=answer)
    finally:
        speak.close()
        answer.close()
        await cutter.stop()
        server.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Read to the end of a connection, be it an end or a reset."""
    found = bytearray()
    try:
        while block := await reader.read(1 << 16):
            found += block
    except ConnectionResetError:
        pass
    return bytes(found)


def test_fair_weather_carries_everything_both_ways() -> None:
    """Without a fuse all bytes arrive, whole and in order, and an end is handed on; a dead door is passed over."""

    async def play() -> tuple[bytes, bytes]:
        async with a_line(FAIR) as line:
            line.speak.write(SENT)
            line.answer.write(SENT)
            heard = await line.near.readexactly(len(SENT)), await line.far.readexactly(len(SENT))
            line.speak.close()
            assert await rest(line.far) == b""
            return heard

    assert asyncio.run(play()) == (SENT, SENT)


@pytest.mark.parametrize("end", [End.RESET, End.FINISH])
def test_burnt_fuse_ends_the_connection_in_the_middle(end: End) -> None:
    """After so many bytes both sides lose the connection, and what came through is a true beginning."""
    weather = Weather(up_bytes=5000, down_bytes=5000, stall_s=0, latency_s=0, ends=(end,))

    async def play() -> tuple[bytes, bytes, int]:
        async with a_line(weather, a_seed(Way.UP)) as line:
            line.speak.write(SENT)
            return await rest(line.far), await rest(line.near), line.cutter.counts[end]

    came, answered, counted = asyncio.run(play())
    assert len(came) < len(SENT)
    assert SENT.startswith(came)
    assert (answered, counted) == (b"", 1)


def test_reset_is_seen_as_one() -> None:
    """A reset is no end in good order: the device sees a broken connection."""

    async def play() -> None:
        async with a_line(FAIR) as line:
            line.cutter.cut()
            with pytest.raises(ConnectionResetError):
                await line.near.readexactly(1)

    asyncio.run(play())


def test_deaf_device_is_heard_and_hears_nothing() -> None:
    """A deaf connection goes on carrying what the device says, and nothing back."""
    weather = Weather(up_bytes=0.1, down_bytes=1, stall_s=0, latency_s=0, ends=(End.DEAF,))

    async def play() -> bytes:
        async with a_line(weather, a_seed(Way.UP)) as line:
            line.speak.write(SENT)
            assert await line.far.readexactly(len(SENT)) == SENT
            line.answer.write(SENT)
            line.answer.close()
            return await rest(line.near)

    assert asyncio.run(play()) == b""


def test_stalled_connection_goes_on_without_loss() -> None:
    """A stall delays the bytes and neither loses nor mixes them."""
    weather = Weather(up_bytes=100, down_bytes=100, stall_s=0.2, latency_s=0, ends=(End.STALL,))

    async def play() -> tuple[bytes, int]:
        async with a_line(weather, a_seed(Way.UP)) as line:
            line.speak.write(SENT)
            return await line.far.readexactly(len(SENT)), line.cutter.counts[End.STALL]

    assert asyncio.run(play()) == (SENT, 1)


def test_dark_network_lets_nobody_in() -> None:
    """In the dark a new connection is reset at once."""

    async def play() -> bytes:
        async with a_line(FAIR) as line:
            line.cutter.dark = True
            near, speak = await asyncio.open_connection("127.0.0.1", line.cutter.port)
            try:
                return await rest(near)
            finally:
                speak.close()

    assert asyncio.run(play()) == b""
