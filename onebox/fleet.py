"""`hemvakt simulate --devices`: a fleet is run, what arrived of it is counted in the store, and both are told.

The invariant: the report is told however the fleet ended, and what is asked of the store is only read.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.table import Table

from simulator.faults import Faults
from simulator.fleet import service
from simulator.fleet.people import Illness
from simulator.fleet.plan import Plan
from simulator.fleet.report import Arrived, Report, rows
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.store import arrived
from ward.store.pool import connect

_SETTLE_S = 5.0
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The flags of the command. `database_url` is empty where nobody is to look into the store."""

    url: str
    ca: Path | None
    device: str
    secret: str
    devices: int
    rate: float | None
    readings: int
    seconds: float | None
    seed: int
    ill: float
    switches: Faults
    report: Path | None
    database_url: str


def run(wanted: Wanted) -> Report:
    """Run a fleet and tell what came of it.

    Raises
    ------
    ConfigError
        If no device is let in, or the report cannot be written.
    """
    if wanted.report is not None and not wanted.report.parent.is_dir():
        raise ConfigError(f"--report: there is no folder {wanted.report.parent}")
    plan = plan_of(wanted)
    began = SystemClock().now()
    told = service.run(plan, _tls(wanted))
    if wanted.database_url:
        told = msgspec.structs.replace(told, arrived=asyncio.run(_arrived(wanted.database_url, plan, began, told)))
    Console().print(_table(told))
    if wanted.report is not None:
        wanted.report.write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    return told


def switches(shares: Mapping[str, float], *, delay_longest_s: float, skewed: float, skew_s: float) -> Faults:
    """Return what goes wrong; a switch that is at rest needs nothing beside it."""
    return Faults(
        **shares,
        delay_s=delay_longest_s,
        skewed=skewed,
        skew=timedelta(seconds=skew_s if skewed else 0),
    )


def plan_of(wanted: Wanted) -> Plan:
    """Return what the fleet is to do."""
    address = urlsplit(wanted.url)
    return Plan(
        host=address.hostname or "127.0.0.1",
        port=address.port or (8883 if address.scheme == "mqtts" else 1883),
        device=wanted.device,
        secret=wanted.secret,
        devices=wanted.devices,
        rate=wanted.rate or wanted.devices * wanted.readings / 60,
        readings=wanted.readings,
        seconds=wanted.seconds,
        seed=wanted.seed,
        illness=Illness(share=wanted.ill),
        switches=wanted.switches,
    )


def _tls(wanted: Wanted) -> ssl.SSLContext | None:
    secure = urlsplit(wanted.url).scheme == "mqtts"
    return ssl.create_default_context(cafile=wanted.ca) if secure else None


async def _arrived(database_url: str, plan: Plan, began: datetime, told: Report) -> Arrived:
    """Look into the store until all is there that was acknowledged (a broker has it before the store), or a while."""
    ids = [plan.device_id(number) for number in range(plan.devices)]
    until_s = asyncio.get_running_loop().time() + _SETTLE_S
    async with await connect(database_url, "simulator", autocommit=True) as conn:
        while True:
            found = await arrived.of(conn, ids, began)
            seen = Arrived(
                stored=found.stored,
                quarantined=found.quarantined,
                alerts=found.alerts,
                alerted=sum(found.alerts.values()),
                received_ms=found.received_ms,
                alerted_ms=found.alerted_ms,
            )
            missing = msgspec.structs.replace(told, arrived=seen).missing
            if not missing or asyncio.get_running_loop().time() > until_s:
                return seen
            await asyncio.sleep(_LOOK_S)


def _table(told: Report) -> Table:
    table = Table(show_header=False, box=None)
    for what, much in rows(told):
        table.add_row(what, much)
    return table
