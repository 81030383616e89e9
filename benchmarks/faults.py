"""No acknowledged reading is lost: devices publish while everything around them is killed, cut, frozen and repeated.

    python -m benchmarks.faults --minutes 30

Prints a report for each door and exits with 1 if a reading that was acknowledged is missing, stored twice, altered or
under the wrong patient; if a repeat was taken for a conflict; if a process ended by itself; or if anything hung. Then
the folder with the ledger, the log of events and the processes' logs is kept, and its name is printed.
"""

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from statistics import median

import uvloop

from benchmarks import chaos, fault_ledger, fault_run
from benchmarks.chaos import Fault
from benchmarks.fault_ledger import Verdict
from benchmarks.fault_plan import Outcome, Plan
from benchmarks.faulty_devices import Door
from benchmarks.figures import head, row
from benchmarks.tcp_cutter import Weather
from benchmarks.victims import Store

STORMY = Weather(up_bytes=20_000, down_bytes=600, stall_s=4.0, latency_s=0.05)
_ANY_DOOR = (
    Fault.KILL_INGEST,
    Fault.STOP_INGEST,
    Fault.FREEZE_INGEST,
    Fault.KILL_STORE,
    Fault.KILL_SESSION,
    Fault.CUT_STORE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run was like, and whether what it claimed is true."""

    plan: Plan
    outcome: Outcome
    verdict: Verdict
    worst: tuple[str, ...]
    quarantined: dict[str, int]

    def faults(self) -> list[str]:
        """Return everything that must not be, in words; empty when all is well."""
        found = [f"{name}: {count}" for name, count in self.verdict.faults().items()]
        found += self.outcome.deaths
        if self.outcome.unacknowledged:
            found.append(f"hung with {self.outcome.unacknowledged} messages that were never acknowledged")
        if self.outcome.wrong_receipts:
            found.append(f"receipts that do not add up: {self.outcome.wrong_receipts}")
        return found


def faults_of(door: Door, *, alerting: bool) -> tuple[Fault, ...]:
    """Return what can be done to the parts of a run."""
    broker = (Fault.KILL_BROKER, Fault.CUT_BROKER) if door is Door.BROKER else ()
    return (*_ANY_DOOR, *broker, *((Fault.KILL_ALERTING,) if alerting else ()), Fault.DARK, Fault.EXCHANGE)


async def carry_out(plan: Plan, folder: Path, store: Store) -> Result:
    """Carry a run out and judge it; `folder` takes the ledger and the logs, `store` is started and stopped."""
    try:
        async with fault_run.running(plan, folder, store) as run:
            outcome = await run.go()
        verdict, worst = fault_ledger.judge(store.database_url, run.ledger.measured_path, run.ledger.told_path)
        quarantined = fault_ledger.quarantined(store.database_url)
    finally:
        store.stop()
    return Result(plan=plan, outcome=outcome, verdict=verdict, worst=tuple(worst), quarantined=quarantined)


def report(result: Result) -> str:
    """Return what a run gave, in words and figures."""
    outcome, verdict, plan, counts = result.outcome, result.verdict, result.plan, result.outcome.counts
    title = f"## {plan.door}: {plan.devices} devices, {plan.ingests} ingest processes, seed {plan.seed}"
    figures = {
        "published": verdict.published,
        "acknowledged": verdict.acknowledged,
        "stored": verdict.stored,
        "missing": verdict.missing,
        "doubled": verdict.doubled,
        "wrong patient": verdict.wrong_patient,
        "wrong value": verdict.wrong_value,
        "conflicts": verdict.conflicts,
    }
    silence = f"{outcome.longest_silence_s:.1f} s, until {outcome.silence_ended_at_s:.1f} s after the start"
    facts = {
        "took": f"{outcome.took_s:.0f} s",
        "messages": f"{counts.messages}, of them sent again {counts.resent}, repeated on purpose {counts.echoes}",
        "connections": f"{counts.connections}, given up for want of an answer {counts.given_up}",
        "networks of the devices": _listed(outcome.networks),
        "networks behind ingest": _listed(outcome.links),
        "faults": _listed(outcome.faults),
        "faults that met something already down": _listed(outcome.skipped),
        "kits exchanged": outcome.exchanges,
        "quarantined": _listed(result.quarantined),
        "rejects that arrived": _listed(counts.rejects),
        "readings that only a broker acknowledged": counts.broker_only,
        "published, never acknowledged, not stored": verdict.never,
        "starts of the store that met its orphans": outcome.refused_starts,
        "longest without an acknowledgement": silence,
    }
    wrong = result.faults()
    return "\n".join(
        (
            *(title, "", head(*figures), row(*figures.values()), ""),
            *(f"- {name}: {fact}" for name, fact in facts.items()),
            *("", head("back after", "times", "s to the next acknowledgement: median", "longest")),
            *(row(kind, len(s), float(median(s)), float(max(s))) for kind, s in sorted(outcome.recovery_s.items())),
            *("", "All is well." if not wrong else "WRONG: " + "; ".join(wrong), *result.worst),
        )
    )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _plan(door: Door, flags: argparse.Namespace) -> Plan:
    seconds = flags.minutes * 60
    kinds = [fault for fault in faults_of(door, alerting=flags.alerting) if not flags.only or fault in flags.only]
    return Plan(
        door=door,
        devices=flags.devices,
        seed=flags.seed,
        weather=STORMY,
        patience_s=5.0,
        steps=chaos.timed(flags.seed, kinds, seconds, flags.gap),
        seconds=seconds,
        rate=flags.rate,
        ingests=flags.ingests,
        alerting=flags.alerting,
    )


def _run(door: Door, flags: argparse.Namespace) -> bool:
    """Run one door and print; tells whether all was well."""
    folder = Path(flags.keep or tempfile.mkdtemp(prefix="hemvakt-faults-")) / door
    folder.mkdir(parents=True)
    folder.parent.chmod(0o711)  # the server's own account passes through
    folder.chmod(0o711)
    print(f"{door}: seed {flags.seed}, {flags.minutes:g} minutes, in {folder}", file=sys.stderr, flush=True)
    result = uvloop.run(carry_out(_plan(door, flags), folder, Store(folder=folder)))
    print(report(result), end="\n\n", flush=True)
    well = not result.faults()
    if well and not flags.keep:
        shutil.rmtree(folder.parent)
    elif not well:
        print(f"kept: {folder}", flush=True)
    return well


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--door", choices=[*Door], type=Door, action="append", help="default: one after the other")
    parser.add_argument("--minutes", type=float, default=2.0, help="for each door")
    parser.add_argument("--devices", type=int, default=40, help="an even number: two a household")
    parser.add_argument("--rate", type=float, default=2.0, help="messages a second of each device")
    parser.add_argument("--gap", type=float, default=4.0, help="mean seconds between two faults")
    parser.add_argument("--only", choices=[*Fault], type=Fault, action="append", help="nothing but these faults")
    parser.add_argument("--ingests", type=int, default=2, help="ingest processes")
    parser.add_argument("--alerting", action="store_true", help="let alerting run and be killed too")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1 << 31), help="of everything drawn")
    parser.add_argument("--keep", help="folder for the logs, kept whatever comes")
    flags = parser.parse_args()
    if flags.devices % 2:
        parser.error("--devices is an even number")
    results = [_run(door, flags) for door in flags.door or [*Door]]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
