"""A whole cell with more than one of each, while everything is killed: nothing lost, nothing told twice.

    python -m benchmarks.cell --minutes 15

Starts, without containers: PostgreSQL, two mosquittos each with two ingest workers, two ingest endpoints, two alerting
workers, two back-test workers and two apis, with HAProxy and the configuration that we ship (deploy/haproxy.cfg) in
front; devices, and boards over HTTPS. With `--standby` the store has a synchronous standby, which is promoted whenever
the primary is killed. Kills by a plan that follows from the seed, and exits with 1 if anything is
wrong; then the folder with the ledger, the events and the processes' logs is kept, and its name is printed.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import SystemRandom
from statistics import median

import uvloop

from benchmarks import cell_judge, fault_ledger
from benchmarks.cell_boards import Board
from benchmarks.cell_judge import Alerts
from benchmarks.cell_plan import Plan
from benchmarks.cell_run import Outcome, Run
from benchmarks.cell_store import AnyStore, Pair
from benchmarks.fault_ledger import Verdict
from benchmarks.figures import head, row
from benchmarks.victims import Store


class Result:
    """What a run gave, and whether what it claimed is true."""

    def __init__(self, run: Run, outcome: Outcome) -> None:
        url, ledger = run.scene.store.database_url, run.ledger
        expected = [each.expected for each in run.patients if each.expected is not None]
        self.run, self.outcome = run, outcome
        self.verdict: Verdict
        self.verdict, self.worst = fault_ledger.judge(url, ledger.measured_path, ledger.told_path)
        self.alerts: Alerts = cell_judge.alerts(url, expected)
        self.backtests = cell_judge.backtests(url)

    def faults(self) -> list[str]:
        """Return everything that must not be, in words; empty when all is well."""
        found = [f"readings: {name} {count}" for name, count in self.verdict.faults().items()]
        found += [f"alerts: {name} {what}" for name, what in self.alerts.faults().items()]
        found += [*self.outcome.deaths, *self.outcome.unlike]
        found += [f"board: {each.counts}" for each in self.run.boards if each.counts.gaps or each.counts.refused]
        if self.outcome.wrong_receipts:
            found.append(f"receipts that do not add up: {self.outcome.wrong_receipts}")
        if self.backtests != self.outcome.backtests:
            found.append(f"{self.outcome.backtests} back-tests were asked for, and {self.backtests} are there")
        return found

    def report(self) -> str:
        """Return what a run gave, in words and figures."""
        outcome, verdict, alerts, plan = self.outcome, self.verdict, self.alerts, self.run.plan
        figures = {
            "published": verdict.published,
            "acknowledged": verdict.acknowledged,
            "stored": verdict.stored,
            "missing": verdict.missing,
            "doubled": verdict.doubled,
            "alerts expected": alerts.expected,
            "alerts missing": len(alerts.missing),
            "alerts doubled": len(alerts.doubled) + len(alerts.rang_again) + alerts.doubled_notifications,
        }
        facts = {
            "took": f"{outcome.took_s:.0f} s",
            "killed": ", ".join(f"{name} {count}" for name, count in sorted(outcome.blows.items())),
            "messages": f"{outcome.counts.messages}, of them sent again {outcome.counts.resent}",
            "connections of devices": outcome.counts.connections,
            "readings that only a broker acknowledged": outcome.counts.broker_only,
            "boards": _boards(self.run.boards),
            "back-tests asked for and done": self.backtests,
            "technical alerts": alerts.technical,
        }
        wrong = self.faults()
        return "\n".join(
            (
                f"## Cell: {plan.devices} devices, {plan.boards} boards, seed {plan.seed}",
                *("", head(*figures), row(*figures.values()), ""),
                *(f"- {name}: {fact}" for name, fact in facts.items()),
                *("", *self._recovery()),
                *("", "All is well." if not wrong else "WRONG: " + "; ".join(wrong), *self.worst),
            )
        )

    def _recovery(self) -> Iterable[str]:
        """Yield the table of recovery times."""
        wounds, boards = self.run.wounds.all, self.run.boards
        yield head("killed", "times", "s to readings of every device: median", "most", "s to the alarm: median", "most")
        for kind in sorted({each.kind for each in wounds}):
            mine = [each for each in wounds if each.kind == kind]
            flowing = [each.flowing_s for each in mine if each.flowing_s is not None]
            rang = [rang_s for each in mine if (rang_s := each.rang_s(boards)) is not None]
            yield row(kind, len(mine), *_middle_and_most(flowing), *_middle_and_most(rang))


def _middle_and_most(seconds: list[float]) -> tuple[float | str, float | str]:
    return (float(median(seconds)), max(seconds)) if seconds else ("-", "-")


def _boards(boards: list[Board]) -> str:
    connections, resumed, snapshots, gaps = (
        sum(getattr(board.counts, name) for board in boards) for name in ("connections", "resumed", "snapshots", "gaps")
    )
    return f"{connections} connections, {resumed} resumed, {snapshots} snapshots, {gaps} gaps"


async def carry_out(plan: Plan, folder: Path, store: AnyStore) -> Result:
    """Carry a run out and judge it; `folder` takes everything that is written, `store` is started and stopped."""
    run = Run(plan, folder, store)
    try:
        try:
            await run.scene.set_up()
            outcome = await run.go()
        finally:
            await run.stop()
        return Result(run, outcome)
    finally:
        store.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--devices", type=int, default=60, help="an even number; five of six fall ill one by one")
    parser.add_argument("--rate", type=float, default=0.5, help="messages a second of each device")
    parser.add_argument("--boards", type=int, default=6)
    parser.add_argument("--gap", type=float, default=15.0, help="mean seconds between two faults")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1 << 31), help="of everything drawn")
    parser.add_argument("--standby", action="store_true", help="a standby of the store, promoted at each kill")
    parser.add_argument("--keep", help="folder for the logs, kept whatever comes")
    flags = parser.parse_args()
    plan = Plan(
        seed=flags.seed,
        seconds=flags.minutes * 60,
        gap_s=flags.gap,
        devices=flags.devices,
        rate=flags.rate,
        boards=flags.boards,
    )
    folder = Path(flags.keep or tempfile.mkdtemp(prefix="hemvakt-cell-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # the server's own account passes through
    print(f"seed {plan.seed}, {flags.minutes:g} minutes, in {folder}", file=sys.stderr, flush=True)
    store = Pair(folder=folder) if flags.standby else Store(folder=folder)
    result = uvloop.run(carry_out(plan, folder, store))
    print(result.report(), flush=True)
    well = not result.faults()
    if well and not flags.keep:
        shutil.rmtree(folder)
    elif not well:
        print(f"kept: {folder}", flush=True)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
