"""How long a limit in the plan editor is without its answer: from letting go of it until the figures are on the screen.

The page is the real one in Chromium, logged in as a nurse, with ingest, alerting, api and the back-test worker as
processes of their own, and a reading a minute of every patient behind it (made up as in `benchmarks.backtest`). A limit
is taken with the mouse, moved and let go; the clock runs in the page, from `pointerup` until the frame after the one in
which figures of just this draft stand there. `waited` is what went before a worker took the job, `counted` what the
worker needed; the rest is the page's: it asks when a limit has stood still for a moment, and looks for the answer now
and then.
"""

import argparse
import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import psycopg
from playwright.sync_api import Page

from benchmarks.backtest import fill
from benchmarks.contenders import NURSE, PASSWORD, Extent, Name, Running, contender, now_text
from benchmarks.figures import head, percentile, row
from benchmarks.frame_times import chromium
from benchmarks.rig import PROJECT, Others, Rig, await_quiet, load_average, python, rig
from ward.clock import SystemClock
from ward.store import migrate
from ward.store.pool import connect

_WIDTH, _HEIGHT = 1440, 900
_PATIENCE_MS = 120_000
_AWAY_PX = 40
_PATIENT, _TEAM = "/tuning/patient/{0}", "/tuning/team/1?programme=hospital_at_home"
_DONE = """
() => {
  const said = document.querySelector('[data-testid=verdict]');
  return said?.dataset.standing === 'done' && !said.querySelector('.stale');
}
"""
# Begins to look in the frame after a limit was let go, and ends when what has come has been painted.
_WATCH = f"""
() => {{
  const done = {_DONE};
  window.answer = new Promise((tell) => {{
    addEventListener('pointerup', () => {{
      const from = performance.now();
      const look = () => {{
        if (!done()) requestAnimationFrame(look);
        else requestAnimationFrame((now) => tell(now - from));
      }};
      requestAnimationFrame(look);
    }}, {{ once: true, capture: true }});
  }});
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one period took, in seconds: letting go to painted, asked to taken, taken to done."""

    seen: list[float]
    waited: list[float]
    counted: list[float]

    def cells(self) -> tuple[float, ...]:
        """Return the cells of the table."""
        median = (percentile(np.array(each), 50) for each in (self.seen, self.waited, self.counted))
        seen, waited, counted = median
        return seen, max(self.seen), waited, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """An editor that is open, and the store behind it."""

    page: Page
    store: psycopg.Connection

    def over(self, days: int) -> None:
        """Choose how far back is tried, and wait for the answer that stands there to begin with."""
        self.page.get_by_test_id("trial-period").select_option(str(days))
        self.page.wait_for_function(_DONE)

    def answers(self, turns: int) -> Answers:
        """Move a limit so many times, up and down in turns."""
        seen = [self._let_go(_AWAY_PX if turn % 2 == 0 else -_AWAY_PX) for turn in range(turns)]
        jobs = self.store.execute(
            "select extract(epoch from started_at - asked_at)::float8,"
            " extract(epoch from ended_at - started_at)::float8"
            " from backtest where state = 'done' order by backtest_id desc limit %s",
            (turns,),
        ).fetchall()
        return Answers(seen=seen, waited=[each[0] for each in jobs], counted=[each[1] for each in jobs])

    def basis(self) -> tuple[int, int]:
        """Return how many patients and readings the newest answer is of."""
        found = self.store.execute(
            "select cardinality(stays), (report->>'readings')::bigint from backtest where state = 'done'"
            " order by backtest_id desc limit 1"
        ).fetchone()
        return (0, 0) if found is None else (int(found[0]), int(found[1]))

    def _let_go(self, away_px: int) -> float:
        place = self.page.get_by_test_id("limit-warn_low").locator(".pill").bounding_box()
        if place is None:
            raise SystemExit("the limit is not on the screen")
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        self.page.evaluate(_WATCH)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x, y + away_px, steps=8)
        self.page.mouse.up()
        return float(self.page.evaluate("window.answer")) / 1000


def _log_in(page: Page, url: str) -> None:
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(url)
    page.get_by_test_id("login-username").fill(NURSE)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.get_by_test_id("board").wait_for()


async def _readings(database_url: str, days: int, until: datetime) -> int:
    """Let everybody have been in care for so long, and fill in what was measured."""
    async with await connect(database_url, "bench") as conn:
        for table in ("stay", "responsibility", "binding"):
            begun = f"update {table} set period = tstzrange(%s, upper(period))"  # noqa: S608 - one of three
            await conn.execute(begun.encode(), (until - timedelta(days=days),))
        await migrate.ensure_partitions(conn, [(until - timedelta(days=back)).date() for back in range(days + 1)])
        total = await fill(conn, days, until)
        await conn.set_autocommit(True)
        await conn.execute("vacuum analyze reading")
        return total


def _works(database_url: str) -> bool:
    with psycopg.connect(database_url) as conn:
        query = "select 1 from pg_stat_activity where application_name = 'hemvakt-backtest' limit 1"
        return conn.execute(query).fetchone() is not None


def _lines(running: Running, flags: argparse.Namespace) -> Iterator[str]:
    with chromium() as browser, psycopg.connect(running.database_url, autocommit=True) as store:
        page = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="sv-SE").new_page()
        url = f"http://127.0.0.1:{running.web_port}"
        _log_in(page, url)
        for who, path in (("a patient", _PATIENT.format(running.patients[0])), ("a cohort", _TEAM)):
            page.goto(url + path)
            desk = _Desk(page=page, store=store)
            for days in flags.periods:
                desk.over(days)
                answers = desk.answers(flags.turns)
                patients, readings = desk.basis()
                yield row(who, patients, days, f"{readings:,}", *answers.cells())


def _measure(machine: Rig, flags: argparse.Namespace) -> Iterator[str]:
    with contender(machine, Name.ENDPOINT, Extent.WHOLE, flags.patients) as running:
        asyncio.run(_readings(running.database_url, max(flags.periods), SystemClock().now()))
        environment = {"HEMVAKT_DATABASE_URL": running.database_url}
        command = python(str(PROJECT / "hemvakt.py"), "backtest")
        with machine.running("backtest", command, environment, lambda: _works(running.database_url)):
            await_quiet(flags.quiet)
            others = Others()
            yield from _lines(running, flags)
            yield f"\nothers used {others.cores():.1f} cores"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--periods", type=int, nargs="+", default=[1, 7], choices=(1, 7, 30, 90), help="days back")
    parser.add_argument("--turns", type=int, default=5, help="how often a limit is moved for each line")
    parser.add_argument("--quiet", type=float, default=0.3, help="wait until others use fewer cores than this")
    flags = parser.parse_args()
    columns = (
        "over",
        "patients",
        "days",
        "readings",
        "on the screen p50 s",
        "longest",
        "waited p50 s",
        "counted p50 s",
    )
    print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*columns)}", flush=True)
    with rig() as machine:
        for line in _measure(machine, flags):
            print(line, flush=True)


if __name__ == "__main__":
    main()
