"""Sessions in the store: devices let in and changes written, many in one transaction, by one task.

Shell. While that task works, what is asked and what changes gathers; so a county that reconnects costs a few commits,
and a message that is acknowledged within `LINGER_S` is never written. What waits to be written is bounded by the
sessions themselves: only the difference to what the store has is kept. The invariant: everything is written in one
order by one task, so a session is never read before an earlier change of it was written.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

import psycopg

from ingest import identity, kept
from ingest.kept import Written
from ingest.session import Limits, Message, Session, key_of
from ingest.sessions import Admitted, Asking
from ward import log
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store import bus, mqtt_sessions
from ward.store.borrow import borrow
from ward.store.mqtt_sessions import Asked, Changes, Opened
from ward.store.pool import Pool, connect

LINGER_S: Final = 0.05
SWEEP_S: Final = 10.0
AGAIN_S: Final = 1.0
MOST_OPENED: Final = 500  # in one transaction


@dataclass(slots=True, kw_only=True)
class _Kept:
    """A session that is kept, what the store has of it, and who waits for it to be stored."""

    session: Session
    written: Written = field(default_factory=Written)
    then: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A device that waits to be let in."""

    asked: Asked
    answer: asyncio.Future[Admitted | None]


class SessionStore:
    """The `Sessions` of an endpoint, in PostgreSQL. `run` must run.

    Parameters
    ----------
    side : Pool
        Connections; one is used at a time.
    database_url : str
        For the connection that hears of sessions that have moved.
    """

    def __init__(self, side: Pool, database_url: str, clock: Clock, limits: Limits) -> None:
        self.instance = secrets.token_hex(8)
        self._side = side
        self._database_url = database_url
        self._clock = clock
        self._limits = limits
        self._kept: dict[int, _Kept] = {}
        self._dirty: dict[int, None] = {}
        self._ended: list[int] = []
        self._retained: dict[tuple[str, bytes], tuple[bytes, datetime | None] | None] = {}
        self._questions: list[_Question] = []
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._lost: Callable[[int, int], None] = lambda _key, _generation: None
        self.commits = 0
        self.listening = asyncio.Event()

    # --- what the endpoint asks ---

    async def open(self, asking: Asking) -> Admitted | None:
        """Let a device in; None refuses it. StoreUnavailable where the store does not answer."""
        device_id = identity.claimed(asking.presented)
        if device_id is None:
            return None
        client_id = asking.presented.client_id
        asked = Asked(
            device_id=device_id,
            client_id=client_id,
            key=key_of(device_id, client_id),
            clean=asking.clean,
            expiry_s=asking.expiry_s,
            **identity.shown(asking.presented, device_id),
        )
        question = _Question(asked=asked, answer=asyncio.get_running_loop().create_future())
        self._questions.append(question)
        self._hurry()
        return await question.answer

    def close(self, admitted: Admitted) -> None:
        """Let what was opened for a device run out that did not come in after all."""
        held = self._kept.get(key_of(admitted.device_id, admitted.client_id))
        if held is None or held.session.generation != admitted.generation:
            self._end(admitted.generation)
        elif held.session is admitted.restored:
            held.session.kept_until = self._clock.now() + timedelta(seconds=admitted.expiry_s)
            held.session.changed()
            held.then.append(partial(self._release, held.session))

    def keep(self, session: Session) -> None:
        """Keep a session that outlives its connection, from now on, with all its changes."""
        held = self._kept.get(session.key)
        if held is None or held.session is not session:
            self._kept[session.key] = _Kept(session=session)
        session.on_change = self._changed
        self._changed(session)

    def end(self, session: Session) -> None:
        """Forget a session; harmless where it is not kept."""
        if self._drop(session):
            self._end(session.generation)

    def when_kept(self, session: Session, then: Callable[[], None]) -> None:
        """Call `then` when the present state of the session is stored; never where the session is lost first."""
        held = self._kept.get(session.key)
        if held is not None and held.session is session:
            held.then.append(then)
            self._changed(session)
            self._hurry()

    def retain(self, device_id: str, topic: str, message: Message | None) -> None:
        """Keep what a device has retained under a topic; None forgets it."""
        row = None if message is None else (kept.packet_of(message), message.expires_at)
        self._retained[device_id, sha256(topic.encode()).digest()] = row
        self._work.set()

    def on_lost(self, callback: Callable[[int, int], None]) -> None:
        """Register `callback(key, generation)`: from that number on another connection has the session of `key`."""
        self._lost = callback

    # --- the tasks ---

    async def run(self) -> None:
        """Work for ever; ends only when cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_for_ever(), name="mqtt-sessions")
            group.create_task(self._listen_for_ever(), name="mqtt-moved")
            group.create_task(self._sweep_for_ever(), name="mqtt-sweep")

    async def flush(self) -> None:
        """Write what has changed, once, after `run` has ended; StoreUnavailable where the store does not answer."""
        await self._turn()

    async def _write_for_ever(self) -> None:
        while True:
            await self._work.wait()
            if not self._urgent.is_set():
                await _within(self._urgent, LINGER_S)
            self._work.clear()
            self._urgent.clear()
            try:
                await self._turn()
            except (StoreUnavailable, psycopg.Error, OSError) as error:
                log.get().warning("sessions_unwritten", waiting=len(self._dirty), error=str(error)[:200])
                self._work.set()
                await _within(self._urgent, AGAIN_S)

    async def _turn(self) -> None:
        """Write what has changed and let in who asks, in one transaction."""
        questions = self._take_questions()
        changes, after = self._take_changes()
        now = self._clock.now()
        try:
            async with borrow(self._side) as conn:
                lost = await mqtt_sessions.write(conn, changes)
                asked = [each.asked for each in questions]
                opened = await mqtt_sessions.open_many(conn, self.instance, now, asked) if asked else []
        except BaseException as error:
            self._put_back(changes, after)
            for each in questions:
                if not each.answer.done():
                    each.answer.set_exception(StoreUnavailable(str(error)))
            raise
        self.commits += 1
        self._written(after, lost)
        for question, found in zip(questions, opened, strict=True):
            self._answer(question, found)
        if self._questions:
            self._hurry()

    def _take_questions(self) -> list[_Question]:
        """Take devices that wait to be let in, no two of the same key, which would wait for each other."""
        taken: dict[int, _Question] = {}
        left = []
        for each in self._questions:
            if each.answer.done():
                continue
            if len(taken) < MOST_OPENED and each.asked.key not in taken:
                taken[each.asked.key] = each
            else:
                left.append(each)
        self._questions = left
        return list(taken.values())

    def _take_changes(self) -> tuple[Changes, list[tuple[_Kept, Written, int]]]:
        changes = Changes(ended=self._ended, retained=self._retained)
        self._ended, self._retained = [], {}
        after = []
        for key in self._dirty:
            held = self._kept.get(key)
            if held is not None:
                after.append((held, kept.add_changes(changes, held.session, held.written), len(held.then)))
        self._dirty = {}
        return changes, after

    def _put_back(self, changes: Changes, after: list[tuple[_Kept, Written, int]]) -> None:
        self._ended += changes.ended
        self._retained = {**changes.retained, **self._retained}
        for held, _, _ in after:
            self._dirty[held.session.key] = None

    def _written(self, after: list[tuple[_Kept, Written, int]], lost: set[int]) -> None:
        for held, written, waiting in after:
            if held.session.generation in lost:
                self._lost(held.session.key, held.session.generation + 1)
                continue
            held.written = written
            then, held.then = held.then[:waiting], held.then[waiting:]
            for each in then:
                each()

    def _answer(self, question: _Question, opened: Opened | None) -> None:
        """Tell a device's connection what the store says; our memory of a session counts as long as it is ours."""
        if opened is None:
            if not question.answer.done():
                question.answer.set_result(None)
            return
        asked = question.asked
        held = self._kept.get(asked.key)
        in_memory = held is not None and opened.formerly == held.session.generation
        restored = None
        if held is not None and in_memory:
            held.session.generation = opened.generation
            held.written.head = None
            self._changed(held.session)
        elif opened.formerly is not None:
            try:
                restored, written = kept.restore(asked.device_id, asked.client_id, opened, self._limits.max_queue)
            except kept.UNREADABLE as error:
                self._give_up(question, opened, error)
                return
            self._kept[asked.key] = _Kept(session=restored, written=written)
            restored.on_change = self._changed
        admitted = Admitted(
            device_id=asked.device_id,
            client_id=asked.client_id,
            expiry_s=asked.expiry_s,
            generation=opened.generation,
            in_memory=in_memory,
            restored=restored,
            retained=kept.retained_of(opened.retained),
        )
        if len(admitted.retained) < len(opened.retained):
            log.get().error("retained_unreadable", device_id=asked.device_id)
        if question.answer.done():
            self.close(admitted)
        else:
            question.answer.set_result(admitted)

    def _give_up(self, question: _Question, opened: Opened, error: Exception) -> None:
        """Remove a session that nobody can read; the device is sent away once, and comes back to a new one."""
        log.get().error("session_unreadable", device_id=question.asked.device_id, error=str(error)[:200])
        self._end(opened.generation)
        if not question.answer.done():
            question.answer.set_exception(StoreUnavailable("what was kept for the device could not be read"))

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                async with await connect(self._database_url, "ingest-sessions", autocommit=True) as conn:
                    await bus.subscribe(conn, [bus.Channel.MQTT])
                    known = {each.session.generation: key for key, each in self._kept.items()}
                    for generation in known.keys() - await mqtt_sessions.alive(conn, list(known)):
                        self._missed(known[generation], generation)
                    self.listening.set()
                    async for key, generation in mqtt_sessions.hints(conn, self.instance):
                        self._lost(key, generation)
            except (psycopg.Error, OSError) as error:
                log.get().warning("sessions_watch_lost", error=str(error)[:200])
                await asyncio.sleep(AGAIN_S)

    def _missed(self, key: int, generation: int) -> None:
        """Give up a session of which we have not heard that it has moved."""
        held = self._kept.get(key)
        if held is not None and held.session.generation == generation:
            self._lost(key, generation + 1)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep()
            except (StoreUnavailable, psycopg.Error) as error:
                log.get().warning("sessions_unswept", error=str(error)[:200])
            await asyncio.sleep(SWEEP_S)

    async def sweep(self) -> None:
        """Say that this endpoint lives, and let the sessions run out whose time is up; done by itself."""
        async with borrow(self._side) as conn:
            now = self._clock.now()
            if await mqtt_sessions.beat(conn, self.instance, now) is None:
                self._write_anew()
            await mqtt_sessions.sweep(conn, now)

    def _write_anew(self) -> None:
        """Others may have counted us as dead: say of every session again whether its device is connected."""
        for held in self._kept.values():
            held.written.head = None
            self._changed(held.session)

    # --- small steps ---

    def _changed(self, session: Session) -> None:
        self._dirty[session.key] = None
        self._work.set()

    def _drop(self, session: Session) -> bool:
        held = self._kept.get(session.key)
        if held is None or held.session is not session:
            return False
        del self._kept[session.key]
        session.on_change = None
        return True

    def _release(self, session: Session) -> None:
        self._drop(session)

    def _end(self, generation: int) -> None:
        self._ended.append(generation)
        self._hurry()

    def _hurry(self) -> None:
        self._work.set()
        self._urgent.set()


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
