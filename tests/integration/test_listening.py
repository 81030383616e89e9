"""What screens say of themselves, from the socket to the store: whether they listen, and what they go on showing."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from api.live.listening import Listening, Said, Screen
from tests.delivery_scene import NOON, Scene, add_doctor, scene
from tests.fix_ward import Ward, admit
from ward.errors import StoreUnavailable
from ward.store.pool import pool

pytestmark = pytest.mark.integration
BEAT = timedelta(seconds=5)
NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward whose patients were admitted before the scene's own time, whatever the calendar says."""
    return asyncio.run(admit(database_url, 3, NOON))


@dataclass
class Beats:
    """The heartbeats of one screen of the ward's nurse."""

    here: Scene
    listening: Listening
    screen: Screen

    async def beat(self, *shown: int, listening: bool = True) -> None:
        """Say what is shown, and have it written."""
        self.listening.hear(self.screen, Said(type="heartbeat", listening=listening, shown=list(shown)))
        await self.listening.write()

    async def boards(self) -> list[str]:
        """What became of the board's notifications, in the order of the steps."""
        return [row["state"] for row in await self.here.outbox("board")]


def beats(here: Scene) -> Beats:
    """A screen that has just been opened."""
    return Beats(here, Listening(here.courier.store, here.clock), Screen(staff_id=here.ward.nurse_id))


def test_h30_screen_that_goes_on_showing_an_alert_was_told_by_every_step(ward: Ward) -> None:
    """A step that is taken while a screen shows the alert is told to it, and nobody further before their time."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            screen = beats(here)
            await screen.beat()
            alert = await here.alarm(ward.beds[0])
            while here.clock.now() < NOON + timedelta(minutes=2, seconds=40):
                await screen.beat(alert.alert_id)
                await here.pass_()
                here.clock.advance(BEAT)

            assert await screen.boards() == ["delivered", "delivered"]
            assert [state for _, _, state, _ in await here.steps()] == ["fired", "fired", "pending"]

    asyncio.run(run())


def test_h30_screen_that_stood_still_tells_what_it_shows_when_it_is_back(ward: Ward) -> None:
    """What a step told while nothing was heard of a screen is delivered when the same screen is heard again."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            screen = beats(here)
            await screen.beat()
            alert = await here.alarm(ward.beds[0])
            await screen.beat(alert.alert_id)
            await here.until(NOON + timedelta(minutes=2, seconds=30))
            silent = await screen.boards()
            await screen.beat(alert.alert_id)

            assert set(silent[1:]) == {"failed"}
            assert set(await screen.boards()) == {"delivered"}

    asyncio.run(run())


def test_h30_what_a_screen_shows_is_not_forgotten_while_the_store_is_away(ward: Ward) -> None:
    """An alert that was shown while the store did not answer is delivered as soon as it does."""

    async def run() -> None:
        async with scene(ward) as here, pool(NOBODY, "test", size=1) as away:
            screen = beats(here)
            screen.listening._store = away
            await here.listen()
            alert = await here.alarm(ward.beds[0])
            with pytest.raises(StoreUnavailable):
                await screen.beat(alert.alert_id)
            screen.listening._store = here.courier.store
            await screen.beat(alert.alert_id)

            assert await screen.boards() == ["delivered"]

    asyncio.run(run())


def test_h30_screen_that_is_hidden_for_a_moment_listens_again_at_once(ward: Ward) -> None:
    """A page that is hidden and seen again before that is written down goes on listening."""

    async def run() -> None:
        async with scene(ward) as here:
            screen = beats(here)
            await screen.beat()
            screen.listening.hear(screen.screen, Said(type="heartbeat"))
            await screen.beat()
            await here.alarm(ward.beds[0])

            assert await screen.boards() == ["sent"]

    asyncio.run(run())
