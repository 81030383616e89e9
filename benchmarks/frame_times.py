"""How smoothly the board draws: frame times in Chromium with 500 patients of whom each has a new value every second.

The page is the real one, logged in as a nurse, with ingest, alerting and api behind it and a publisher before them. In
the same call the same browser draws two floors under the same load: an empty page, and a bare list of as many rows with
as many changes (`benchmarks.bare_list`). What they show belongs to the machine. A frame time is what lies between two
calls of `requestAnimationFrame`; a long frame is one that missed the next refresh; CPU is what the processes that run
and rasterise the page, and the one that composes the screen, have used. Who looks at a board has a computer of their
own: the services get what the browser leaves over, and that they keep up is measured too.
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
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import bare_list, load
from benchmarks.contenders import DEVICE, NURSE, PASSWORD, SECRET, Extent, Name, Running, contender, now_text
from benchmarks.figures import Spread, head, row, spread
from benchmarks.rig import NotReady, Others, Rig, await_quiet, load_average, rig

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_WIDTH, _HEIGHT = 1440, 900
_REFRESH_MS = 1000 / 60
_PATIENCE_MS = 60_000
_SPEED_PX_S = 1440
_LINES = 8
_REST_S = 30  # for logging in and changing from one to the next

# Collects the time of every frame; scrolls the page at an even speed, if it is to, back and forth from end to end.
_WATCH = """
([seconds, speed]) => new Promise((done) => {
  const frames = [], page = document.scrollingElement, end = performance.now() + seconds * 1000;
  let before = performance.now(), down = 1, place = page.scrollTop;
  const draw = (now) => {
    frames.push(now - before);
    if (speed > 0 && page.scrollHeight > page.clientHeight) {
      if (place >= page.scrollHeight - page.clientHeight) down = -1;
      if (place <= 0) down = 1;
      place += down * speed * Math.min(0.1, (now - before) / 1000);
      page.scrollTop = place;
    }
    before = now;
    if (now < end) requestAnimationFrame(draw); else done(frames.slice(1));
  };
  requestAnimationFrame(draw);
})
"""
_OLDEST_S = """
() => {
  const ages = [...document.querySelectorAll('[data-freshness=fresh] .age')];
  return Math.max(...ages.map((each) => parseFloat(each.textContent)));
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What was seen: frame times in ms, how many frames took longer than a refresh and a half, CPU seconds a second."""

    frames: Spread
    long: int
    page_cores: float
    screen_cores: float

    def line(self, what: str) -> str:
        """Return a line of the table."""
        return row(
            what, str(self.frames.count), f"{self.frames.p50:.1f}", f"{self.frames.p95:.1f}", f"{self.frames.p99:.1f}",
            f"{self.frames.worst:.1f}", f"{self.long} ({self.long / self.frames.count:.1%})", f"{self.page_cores:.0%}",
            f"{self.screen_cores:.0%}",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """The browser, where the board is, and how long each line is watched."""

    browser: Browser
    url: str
    patients: int
    seconds: float

    def line(self, page: Page, what: str) -> str:
        """Watch a page while it stands still and while it is scrolled, and return a line of each."""
        still = self._watch(page, 0).line(f"{what}, still")
        scrolled = self._watch(page, _SPEED_PX_S).line(f"{what}, scrolled")
        return f"{still}\n{scrolled}"

    def _watch(self, page: Page, speed_px_s: float) -> Drawn:
        before = self._cpu_s()
        frames = np.array(page.evaluate(_WATCH, [self.seconds, speed_px_s]), dtype=np.float64)
        used = {kind: (cpu_s - before[kind]) / self.seconds for kind, cpu_s in self._cpu_s().items()}
        return Drawn(
            frames=spread(frames), long=int((frames > 1.5 * _REFRESH_MS).sum()),
            page_cores=used["renderer"], screen_cores=used["GPU"],
        )  # fmt: skip

    def _cpu_s(self) -> dict[str, float]:
        session = self.browser.new_browser_cdp_session()
        used = {"renderer": 0.0, "GPU": 0.0}
        for each in session.send("SystemInfo.getProcessInfo")["processInfo"]:
            used[each["type"]] = used.get(each["type"], 0.0) + each["cpuTime"]
        session.detach()
        return used

    @contextmanager
    def bare(self) -> Iterator[Page]:
        """Open a page without anything."""
        page = self.browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}).new_page()
        page.goto("about:blank")
        yield page
        page.context.close()

    @contextmanager
    def board(self) -> Iterator[Page]:
        """Log in as the nurse and wait until the board shows somebody."""
        page = self.browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="sv-SE").new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(self.url)
        page.get_by_test_id("login-username").fill(NURSE)
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.locator("[data-testid^=tile-]").first.wait_for()
        yield page
        page.context.close()

    def lines(self) -> Iterator[str]:
        """Watch the floors and then the board in its two shapes."""
        with self.bare() as page:
            yield self.line(page, "floor: empty page")
            page.set_content(bare_list.PAGE)
            page.evaluate(bare_list.FILL, self.patients)
            yield self.line(page, "floor: bare list")
        with self.board() as page:
            for shape in ("rows", "tiles"):
                page.get_by_test_id(f"shape-{shape}").click()
                page.wait_for_timeout(2_000)
                yield self.line(page, f"board, {shape}")
            page.evaluate("scrollTo(0, 0)")
            page.wait_for_timeout(1_000)
            yield f"\nOldest value on the screen at the end: {page.evaluate(_OLDEST_S):.0f} s"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window; stop it at the end."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise NotReady("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()


def _step_back(machine: Rig, running: Running) -> None:
    """Let the services have what the browser leaves over: who looks at the board has a processor of their own."""
    for child in (machine.server.child, *(each.child for each in running.children)):
        root = psutil.Process(child.pid)
        for each in (root, *root.children(recursive=True)):
            for thread in each.threads():
                os.sched_setscheduler(thread.id, os.SCHED_IDLE, os.sched_param(0))


def _measure(machine: Rig, flags: argparse.Namespace) -> Iterator[str]:
    with contender(machine, Name.ENDPOINT, Extent.WHOLE, flags.patients) as running, ThreadPoolExecutor(1) as beside:
        _step_back(machine, running)
        await_quiet(flags.quiet)
        plan = load.Plan(
            host="127.0.0.1", port=running.mqtt_port, device=DEVICE, secret=SECRET, devices=flags.patients,
            messages=int(flags.patients * (_LINES * flags.seconds + _REST_S)), readings=1, window=1,
            rate=flags.patients,
        )  # fmt: skip
        others = Others()
        feeding: Future[load.Report] = beside.submit(asyncio.run, load.run_apart(plan))
        with chromium() as browser:
            stage = _Stage(
                browser=browser, url=f"http://127.0.0.1:{running.web_port}", patients=flags.patients,
                seconds=flags.seconds,
            )  # fmt: skip
            yield from stage.lines()
        took = others.cores()
        report = feeding.result()
        yield f"{report.messages_per_s:.0f} readings/s of {flags.patients} patients; others used {took:.1f} cores"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each line is watched")
    parser.add_argument("--quiet", type=float, default=0.3, help="wait until others use fewer cores than this")
    flags = parser.parse_args()
    columns = ("page", "frames", "frame p50 ms", "p95", "p99", "longest", "long frames", "CPU page", "CPU screen")
    print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*columns)}", flush=True)
    with rig() as machine:
        for line in _measure(machine, flags):
            print(line, flush=True)


if __name__ == "__main__":
    main()
