"""How smoothly the board draws: frame times in Chromium with 500 patients of whom each has a new value every second.

The page is the real one, logged in as a nurse, with ingest, alerting and api behind it and a publisher before them. In
the same call the same browser draws an empty page that does nothing: what that shows belongs to the machine. A frame
time is what lies between two calls of `requestAnimationFrame`; a long frame is one that missed the next refresh; busy
is the share of time in tasks of the page's main thread. While it is measured the list is scrolled from end to end.
"""

import argparse
import asyncio
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks import load
from benchmarks.contenders import DEVICE, NURSE, PASSWORD, SECRET, Extent, Name, contender, now_text
from benchmarks.figures import Spread, head, row, spread
from benchmarks.rig import NotReady, Rig, await_quiet, load_average, rig

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_WIDTH, _HEIGHT = 1440, 900
_REFRESH_MS = 1000 / 60
_PATIENCE_MS = 60_000

# Collects the time of every frame, and moves the page a little at each where it is longer than the screen.
_WATCH = """
(seconds) => new Promise((done) => {
  const frames = [];
  let before = performance.now(), down = 24;
  const end = before + seconds * 1000;
  const draw = (now) => {
    frames.push(now - before);
    before = now;
    const page = document.scrollingElement;
    if (page.scrollTop + page.clientHeight >= page.scrollHeight - 1) down = -24;
    if (page.scrollTop <= 0) down = 24;
    if (page.scrollHeight > page.clientHeight) page.scrollTop += down;
    if (now < end) requestAnimationFrame(draw); else done(frames.slice(1));
  };
  requestAnimationFrame(draw);
})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What was seen: frame times in ms, how many frames took longer than a refresh and a half, and how busy it was."""

    frames: Spread
    long: int
    busy: float

    def line(self, what: str) -> str:
        """Return a line of the table."""
        return row(
            what, str(self.frames.count), f"{self.frames.p50:.1f}", f"{self.frames.p95:.1f}", f"{self.frames.p99:.1f}",
            f"{self.frames.worst:.1f}", f"{self.long} ({self.long / self.frames.count:.1%})", f"{self.busy:.0%}",
        )  # fmt: skip


def _busy_s(session: CDPSession) -> float:
    """Return the seconds that the page's main thread has spent in tasks."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def _watch(page: Page, seconds: float) -> Drawn:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = _busy_s(session)
    frames = np.array(page.evaluate(_WATCH, seconds), dtype=np.float64)
    return Drawn(
        frames=spread(frames), long=int((frames > 1.5 * _REFRESH_MS).sum()), busy=(_busy_s(session) - before) / seconds
    )


@contextmanager
def _browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise NotReady("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()


def _open(browser: Browser, url: str) -> Page:
    """Log in as the nurse and wait until the board shows somebody."""
    page = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="sv-SE").new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(url)
    page.get_by_test_id("login-username").fill(NURSE)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.locator("[data-testid^=tile-]").first.wait_for()
    return page


def _empty(browser: Browser, seconds: float) -> Drawn:
    page = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}).new_page()
    page.goto("about:blank")
    drawn = _watch(page, seconds)
    page.context.close()
    return drawn


def _measure(machine: Rig, flags: argparse.Namespace) -> Iterator[str]:
    with contender(machine, Name.ENDPOINT, Extent.WHOLE, flags.patients) as running, ThreadPoolExecutor(1) as beside:
        await_quiet(flags.quiet)
        plan = load.Plan(
            host="127.0.0.1", port=running.mqtt_port, device=DEVICE, secret=SECRET, devices=flags.patients,
            messages=int(flags.patients * (3 * flags.seconds + 20)), readings=1, window=1, rate=flags.patients,
        )  # fmt: skip
        with _browser() as browser:
            yield _empty(browser, flags.seconds).line("empty page")
            page = _open(browser, f"http://127.0.0.1:{running.web_port}")
            yield _watch(page, flags.seconds).line("board, no new values")
            feeding: Future[load.Report] = beside.submit(asyncio.run, load.run_apart(plan))
            page.wait_for_timeout(3_000)
            for shape in ("rows", "tiles"):
                page.get_by_test_id(f"shape-{shape}").click()
                page.wait_for_timeout(1_000)
                yield _watch(page, flags.seconds).line(f"board, {shape}")
        report = feeding.result()
        yield f"\n{report.messages_per_s:.0f} readings/s of {flags.patients} patients, {report.messages} in all"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each line is watched")
    parser.add_argument("--quiet", type=float, default=0.3, help="wait until others use fewer cores than this")
    flags = parser.parse_args()
    columns = ("page", "frames", "frame p50 ms", "p95", "p99", "longest", "long frames", "main thread busy")
    print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*columns)}", flush=True)
    with rig() as machine:
        for line in _measure(machine, flags):
            print(line, flush=True)


if __name__ == "__main__":
    main()
