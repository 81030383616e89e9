"""The store of a run as two PostgreSQL servers: a primary, and a standby that has each commit before it is answered.

When the primary is killed, `start` does what the run-book says (docs/operating.md, "A standby of the store"): the
standby is promoted, and the killed one is made anew as its standby, by the scripts that the containers run
(deploy/store/). Services have both in their address and find the one that writes. The invariant: there is never a
moment with two servers that write.
"""

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psutil
import psycopg

from benchmarks.rig import PROJECT, NotReady
from ward.store import embedded, programs

_OPTIONS = {"wal_level": "replica", "hot_standby": "on", "max_connections": "200"}
_ORPHANS_S = 30.0
_ATTACHED_S = 60.0
_LOOK_S = 0.1


class AnyStore(Protocol):
    """What a run needs of its store: one server (`victims.Store`) or two (`Pair`)."""

    @property
    def database_url(self) -> str:
        """The address, which stays."""

    async def start(self) -> None:
        """Start it, or bring it back after a kill."""

    def kill(self) -> None:
        """Kill the postmaster that writes."""

    def running(self) -> bool:
        """Tell whether it lives."""

    def stop(self) -> None:
        """Stop it cleanly."""


@dataclass(slots=True, kw_only=True)
class Pair:
    """Two servers; `servers[writing]` is the primary. `promotions` counts how often it has changed."""

    folder: Path
    servers: list[embedded.Server] = field(default_factory=list)
    writing: int = 0
    promotions: int = 0

    @property
    def database_url(self) -> str:
        """Both servers; who connects comes to the one that writes."""
        first, second = (urlsplit(each.database_url) for each in self.servers)
        who = first.netloc.rpartition("@")[0]
        hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
        return f"postgresql://{who}@{hosts}/hemvakt?target_session_attrs=read-write"

    async def start(self) -> None:
        """Begin with a primary and its standby; after a kill, promote the standby and make the other one anew."""
        # A server ends with the thread that started it; those of the loop stay until the loop ends.
        await asyncio.to_thread(self._begin if not self.servers else self._take_over)

    def kill(self) -> None:
        """Kill the primary; its orphans see that and leave."""
        dead = self.servers[self.writing].child
        orphans = psutil.Process(dead.pid).children()
        dead.kill()
        dead.wait()
        psutil.wait_procs(orphans, timeout=_ORPHANS_S)

    def running(self) -> bool:
        """Tell whether both live."""
        return bool(self.servers) and all(each.child.poll() is None for each in self.servers)

    def stop(self) -> None:
        """Stop both; the standby first, so that the primary does not wait for it."""
        if self.running():
            self._tell(self.writing, "alter system reset synchronous_standby_names", "select pg_reload_conf()")
        for each in sorted(self.servers, key=self.servers.index, reverse=not self.writing):
            each.stop()

    def _place(self, which: int) -> Path:
        return self.folder / f"store-{which + 1}"

    def _begin(self) -> None:
        place = self._place(0)
        self.servers.append(embedded.start(place, options=_OPTIONS))
        _script("replication.sh", {"PGDATA": str(place / "postgres"), "POSTGRES_USER": "hemvakt"})
        self._tell(0, "select pg_reload_conf()")  # from here on commits wait for a standby
        self._clone(1, embedded.free_port())

    def _take_over(self) -> None:
        """Promote the standby: it waits for nobody at first, then for the other one."""
        dead, self.writing = self.writing, 1 - self.writing
        self._tell(
            self.writing,
            "alter system reset synchronous_standby_names",
            "select pg_reload_conf()",
            "select pg_promote()",
        )
        self.promotions += 1
        self._clone(dead, self.servers[dead].port)
        self._tell(self.writing, "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
        self._await("sync")

    def _clone(self, which: int, port: int) -> None:
        """Make a server the standby of the one that writes, from nothing, and wait until it follows."""
        place, primary = self._place(which), self.servers[self.writing]
        shutil.rmtree(place / "postgres", ignore_errors=True)
        place.mkdir(exist_ok=True)
        place.chmod(0o711)
        if not (place / "postgres.password").exists():
            shutil.copy(self._place(self.writing) / "postgres.password", place)
        _base_backup(primary, place / "postgres", owner=self._place(self.writing) / "postgres")
        server = embedded.start(place, port=port, options=_OPTIONS)
        self.servers[which:] = [server, *self.servers[which + 1 :]]
        self._await("sync" if not self.promotions else "async")

    def _await(self, state: str) -> None:
        """Wait until the standby follows, so that commits wait for it (sync) or do not (async)."""
        with psycopg.connect(self.servers[self.writing].database_url, autocommit=True) as conn:
            query = "select from pg_stat_replication where state = 'streaming' and sync_state = %s"
            wait = partial(conn.execute, "select pg_sleep(%s)", (_LOOK_S,))
            for _ in range(int(_ATTACHED_S / _LOOK_S)):
                if conn.execute(query, (state,)).fetchone() is not None:
                    return
                wait()
        raise NotReady("the standby does not follow")

    def _tell(self, which: int, *statements: str) -> None:
        with psycopg.connect(self.servers[which].database_url, autocommit=True) as conn:
            for each in statements:
                conn.execute(each.encode())


def _base_backup(primary: embedded.Server, to: Path, *, owner: Path) -> None:
    """Copy a running server, with what its standby needs to follow it; the copy belongs to whom the original does."""
    program = programs.installed("pg_basebackup")[-1].path
    server = to.with_name("bin")  # what the script ends with is started by us, under the account that may
    server.mkdir(exist_ok=True)
    (server / "postgres").unlink(missing_ok=True)
    (server / "postgres").symlink_to("/bin/true")
    _script(
        "store.sh",
        {
            "PATH": f"{server}:{program.parent}:{os.defpath}",
            "PGDATA": str(to),
            "FOLLOWS": "127.0.0.1",
            "FOLLOWS_PORT": str(primary.port),
            "PGUSER": "hemvakt",
            "PGPASSWORD": urlsplit(primary.database_url).password or "",
        },
    )
    whose = owner.stat()
    for path in (to, *to.rglob("*")):
        os.chown(path, whose.st_uid, whose.st_gid, follow_symlinks=False)


def _script(name: str, environment: dict[str, str]) -> None:
    """Run one of the scripts that the containers run."""
    subprocess.run(["sh", PROJECT / "deploy" / "store" / name], check=True, capture_output=True, env=environment)
