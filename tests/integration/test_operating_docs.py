"""The commands of `docs/operating.md`, run against a real store and a real server as they would be pasted."""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from onebox.environment import PROJECT
from tests.fix_api import PASSWORD, House
from tests.fix_kit import Desk, at_desk, ingesting
from tests.fix_ward import Ward
from ward.clock import SystemClock

pytestmark = pytest.mark.integration
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
SHELL: list[str] = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def _block(text: str) -> str:
    (found,) = [block for block in SHELL if text in block]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A shell that follows the page, as the ward's operator and nurse, about the second bed's patient."""

    desk: Desk
    folder: Path

    async def run(self, text: str) -> str:
        """Run the block of the page that holds `text`; returns what it printed."""
        bed = self.desk.house.ward.beds[1]
        commands = f"{_block('ask() {')}\n{_block(text)}"
        for written, own in (
            ("http://127.0.0.1:8090", self.desk.served.url),
            ('"patient_id": 42', f'"patient_id": {bed.patient_id}'),
            ("1212", "9802"),
            ("1912-12-12", "1940-01-01"),
        ):
            commands = commands.replace(written, own)
        process = await asyncio.create_subprocess_exec(
            "sh", "-euc", commands, cwd=self.folder, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed.decode()
        return printed.decode()


def following_the_page(house: House, folder: Path, visit: Callable[[Shell], Awaitable[None]]) -> None:
    """Do what the page says, on a running server."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed (Debian: apt install curl)")
    for name, username in (("operator", "oskar"), ("nurse", "anna")):
        login = {"username": username, "password": PASSWORD}
        (folder / f"{name}.json").write_text(json.dumps(login), encoding="utf-8")

    async def whole(desk: Desk) -> None:
        await visit(Shell(desk=desk, folder=folder))

    asyncio.run(at_desk(house, whole))


def test_device_is_looked_after_as_the_page_says(house: House, tmp_path: Path) -> None:
    """The page's commands add a device, configure it, bind it, give it back and shut it out."""

    async def visit(shell: Shell) -> None:
        added = await shell.run("Idempotency-Key")
        device = (await shell.desk.operator.get("/api/devices/kit-17")).json()
        assert (device["model"], device["config"]) == ("Kit 2", {"interval_s": 60})
        assert added.count('"secret":"') == 2
        await shell.run("/confirm")
        [worn] = await shell.desk.worn("kit-17")
        assert (worn["association"], worn["reason"]) == ("dis", "the patient goes home")
        assert worn["wearer"]["patient_id"] == shell.desk.house.ward.beds[1].patient_id
        told = await shell.run("/revoke")
        assert '"action":"device.revoked"' in told
        assert shell.desk.ask("select device_id from device where revoked_at is not null and device_no > 0") == [
            ("kit-17",)
        ]

    following_the_page(house, tmp_path, visit)


def test_refused_reading_is_given_to_its_patient_as_the_page_says(house: House, tmp_path: Path) -> None:
    """The page's commands find a reading of nobody's and store it with its patient."""
    at = SystemClock().now() - timedelta(minutes=30)

    async def visit(shell: Shell) -> None:
        bed = shell.desk.house.ward.beds[1]
        await shell.desk.add("kit-17")
        async with ingesting(house.database_url) as bench:
            bench.put("hemvakt/1/kit-17/vitals", {"kind": "spo2", "value": 91, "measured_at": at.isoformat()})
            await bench.settled()
        await shell.desk.bind("kit-17", bed)
        printed = await shell.run("/assign")

        assert '"resolution":"assigned"' in printed
        assert shell.desk.ask("select stay_id, measured_at, value from reading") == [(bed.stay_id, at, 91.0)]

    following_the_page(house, tmp_path, visit)


def _commands(heading: str) -> list[list[str]]:
    """Return the commands of ours in the shell blocks of a section, as arguments."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"# {heading}\n")
    section = re.split(r"^#+ ", text[start + 2 :], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert [line for line in lines if not line.startswith("./hemvakt ")] == []
    return [shlex.split(line, comments=True)[1:] for line in lines]


def _do(ward: Ward, folder: Path, arguments: list[str], typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of the page on the test's store; databases beside it have names of the test's own."""
    name = ward.database_url.rpartition("/")[2]
    return subprocess.run(
        [sys.executable, str(PROJECT / "hemvakt.py"), *(each.replace("hemvakt_", f"{name}_") for each in arguments)],
        cwd=folder, env={**os.environ, "HEMVAKT_DATABASE_URL": ward.database_url},  # noqa: TID251 - handed on
        input=typed, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_backup_brings_back_what_was_there(ward: Ward, tmp_path: Path) -> None:
    """The page's commands save a store, rehearse, and bring it back after something was lost, when one says yes."""
    (save,), drill, (restore,) = _commands("Backup and upgrade"), _commands("Restore drill"), _commands("Restore")
    count = "select count(*) from plan"
    saved = _do(ward, tmp_path, save)
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        conn.execute("delete from plan")
    rehearsed = [_do(ward, tmp_path, each) for each in drill]
    with psycopg.connect(ward.database_url) as conn:
        assert conn.execute(count.encode()).fetchone() == (0,)
    declined, restored = _do(ward, tmp_path, restore, "n\n"), _do(ward, tmp_path, restore, "y\n")
    kept = re.search(r"--forget (\S+)", restored.stdout)
    assert kept is not None
    forgotten = _do(ward, tmp_path, ["restore", "--forget", kept[1], "--yes"])

    assert [each.returncode for each in (saved, *rehearsed, declined, restored, forgotten)] == [0] * 6
    assert "0 readings, schema 0" in saved.stdout
    assert "plans" in rehearsed[0].stdout
    assert "Nothing has changed." in declined.stdout
    with psycopg.connect(ward.database_url) as conn:
        assert conn.execute(count.encode()).fetchone() == (len(ward.beds),)
        left = conn.execute("select count(*) from pg_database where datname like current_database() || '\\_%'")
        assert left.fetchone() == (0,)


def test_check_is_as_the_page_says(ward: Ward, tmp_path: Path) -> None:
    """Each form of the check runs, and its exit code says that no service has run here."""
    done = [_do(ward, tmp_path, arguments) for arguments in _commands("Is all well?")]

    assert [each.returncode for each in done] == [1, 1, 1]
    assert "fail   ingest: has never run" in done[0].stdout
    assert '"healthy":false' in done[1].stdout
    assert [each.stderr for each in done] == ["", "", ""]


def test_record_is_exported_as_the_page_says(ward: Ward, tmp_path: Path) -> None:
    """The page's command for a patient's record writes one."""
    (command,) = _commands("A patient's record")

    assert _do(ward, tmp_path, command).returncode == 0
    assert (tmp_path / "record.zip").stat().st_size > 0
