"""A standby of the store takes over while it was behind: what an acknowledgement is worth, synchronous and not."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from benchmarks import households
from benchmarks.cell_store import Pair
from benchmarks.rig import PROJECT
from onebox import health
from tests.writer_bench import Bench, a_reading
from ward.clock import SystemClock
from ward.settings import Settings
from ward.store import embedded
from ward.store.keep import Keep
from ward.store.pool import connect

pytestmark = pytest.mark.integration
BEFORE, MEANWHILE = 20, 30
LET_GO = ("alter system reset synchronous_standby_names", "select pg_reload_conf()")
WAITS = "select exists (select from pg_stat_activity where wait_event = 'SyncRep')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What came of it: messages that were acknowledged before the kill, readings that are stored after the promotion.

    `then` is how many are stored when the rest has come again, and `numbers` the newest alert number given before and
    after the promotion's script. `said` is what `check` said of the standby before.
    """

    acknowledged: int
    stored: int
    then: int
    numbers: tuple[int, int]
    said: list[tuple[str, str]]


class Scene:
    """A pair of servers of which the standby was away for a while, and a writer that readings come to."""

    def __init__(self, pair: Pair, *, synchronous: bool) -> None:
        self.pair, self.synchronous = pair, synchronous
        self.device = ""
        self.said: list[tuple[str, str]] = []
        self.sent = 0

    def tell(self, which: int, *statements: str) -> tuple[object, ...]:
        """Tell one of the two servers something, and return the answer to the last."""
        with psycopg.connect(self.pair.servers[which].database_url, autocommit=True) as conn:
            for each in statements:
                found = conn.execute(each.encode())
            return found.fetchone() or () if found.description else ()

    def put(self, bench: Bench, count: int) -> None:
        """Let messages with a reading each come in."""
        for _ in range(count):
            self.sent += 1
            bench.put(f"hemvakt/1/{self.device}/vitals", a_reading(96, ago_s=3600 - self.sent))

    async def play(self) -> Left:
        """Take the standby away, let readings come, kill the primary, bring the standby back and let it write."""
        await self.pair.start()
        if not self.synchronous:
            self.tell(0, *LET_GO)
        homes = await households.admit(self.pair.database_url, 2, SystemClock())
        self.device = homes[0].kits[0].device_id
        bench = Bench(self.pair.database_url)
        writing = asyncio.create_task(bench.writer.run())
        checked = await health.check(self.pair.servers[0].database_url, Keep.of(Settings()))
        self.said = [(each.level.value, each.said) for each in checked if each.what == "standby"]
        self.put(bench, BEFORE)
        await bench.settled()
        await asyncio.to_thread(self.caught_up)
        await asyncio.to_thread(self.pair.servers[1].stop)
        self.put(bench, MEANWHILE)
        if self.synchronous:
            await asyncio.to_thread(self.commits_wait)
        else:
            await bench.settled()
        first = int(str(self.tell(0, "set synchronous_commit = local", "select nextval('alert_id_seq')")[0]))
        acknowledged = len(bench.door.acknowledged)
        await asyncio.to_thread(self.pair.kill)
        await asyncio.to_thread(self.promote)
        stored = self.stored()
        await bench.settled()
        then = self.stored()
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        script = (PROJECT / "deploy" / "store" / "promoted.sql").read_text(encoding="utf-8")
        async with await connect(self.pair.servers[1].database_url, "test") as conn:
            await conn.execute(script.encode())
        second = int(str(self.tell(1, "select nextval('alert_id_seq')")[0]))
        numbers = (first, second)
        return Left(acknowledged=acknowledged, stored=stored, then=then, numbers=numbers, said=self.said)

    def promote(self) -> None:
        """Do what docs/operating.md says of a primary that is away, the standby having been away too."""
        self.pair.servers[1] = embedded.start(
            self.pair._place(1), port=self.pair.servers[1].port, options={"max_connections": "200"}
        )
        for each in (*LET_GO, "select pg_promote()"):
            while not self.taken(each):
                pass
        self.pair.writing = 1

    def taken(self, statement: str) -> bool:
        """Tell the standby something; False where what it still reads of the primary's log got in its way."""
        try:
            self.tell(1, statement)
        except psycopg.errors.SerializationFailure:
            return False
        return True

    def stored(self) -> int:
        """Return how many readings the promoted store has."""
        return int(str(self.tell(1, "select count(*) from reading")[0]))

    def caught_up(self) -> None:
        """Wait until the standby has all that the primary has."""
        lag = "select pg_wal_lsn_diff(pg_current_wal_flush_lsn(), min(flush_lsn)) from pg_stat_replication"
        while self.tell(0, lag) != (0,):
            self.tell(0, "select pg_sleep(0.05)")

    def stop(self) -> None:
        """Stop what lives."""
        for which, server in reversed(list(enumerate(self.pair.servers))):
            if server.child.poll() is None:
                self.tell(which, *LET_GO)
                server.stop()

    def commits_wait(self) -> None:
        """Wait until a commit waits for the standby that is away."""
        while self.tell(0, WAITS) != (True,):
            self.tell(0, "select pg_sleep(0.05)")


def played(*, synchronous: bool) -> Left:
    """Play it with two servers of its own."""

    async def whole(scene: Scene) -> Left:
        try:
            return await scene.play()
        finally:  # in the loop's thread, with which they end
            await asyncio.to_thread(scene.stop)

    with TemporaryDirectory(prefix="hemvakt-pair-") as made:
        folder = Path(made)
        folder.chmod(0o711)  # the server's own account passes through
        return asyncio.run(whole(Scene(Pair(folder=folder), synchronous=synchronous)))


def test_h21_synchronous_standby_has_all_that_was_acknowledged() -> None:
    """What has no standby to be on is not acknowledged: a promotion loses nothing, and the rest comes afterwards.

    Nothing but the script by which the containers make a store has switched that on.
    """
    left = played(synchronous=True)

    assert left.acknowledged == left.stored == BEFORE
    assert left.then == BEFORE + MEANWHILE
    assert left.said == [("ok", "has each commit before it is answered")]


def test_asynchronous_standby_lacks_what_it_had_not_got() -> None:
    """Where an operator has let go, acknowledged readings are gone with the primary, and no device sends them again.

    Numbers that the lost primary gave are not given again, once the promotion's script has run.
    """
    left = played(synchronous=False)

    assert left.acknowledged == BEFORE + MEANWHILE
    assert left.stored == left.then == BEFORE
    assert left.numbers[1] > left.numbers[0]
    assert [level for level, _ in left.said] == ["warn"]
