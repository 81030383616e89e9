"""The scene of the authorisation tests with what the story of the examples needs beside it; it is `MORNING` there."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fix_access import Scene, add_person
from tests.fix_api import alarm, measure
from ward.alerts import Priority
from ward.people import Role
from ward.store import migrate, quarantine
from ward.store.pool import Connection, connect
from ward.store.quarantine import Refused
from ward.vitals import VitalKind

MORNING = datetime(2026, 1, 14, 8, tzinfo=UTC)


async def furnished(scene: Scene) -> dict[str, Any]:
    """Add what the story needs beside the scene, and return what is known by name."""
    house, bed = scene.house, scene.bed
    async with await connect(scene.database_url, "test") as conn:
        await migrate.ensure_partitions(conn, [MORNING.date() - timedelta(days=back) for back in range(4)])
        await add_person(conn, scene.organisations["home"], "dag", Role.NURSE, scene.teams["fifth"])
        await add_person(conn, scene.organisations["away"], "astrid", Role.DOCTOR, scene.teams["away"])
        await conn.execute("delete from duty_override")  # it closes for a day the team that stands behind all
        staff = await conn.execute("select username, staff_id from staff join account using (staff_id)")
        people = await staff.fetchall()
        more = await _more(conn, scene)
    for minutes in range(0, 60, 15):
        at = MORNING - timedelta(minutes=minutes)
        for kind, value in ((VitalKind.SPO2, 93 - minutes % 2), (VitalKind.RESP_RATE, 18), (VitalKind.HEART_RATE, 82)):
            await measure(house, bed, kind, value, at)
    return {
        **more,
        **{f"staff_{name}": number for name, number in people},
        **{f"team_{name}": number for name, number in scene.teams.items()},
        **{f"organisation_{name}": number for name, number in scene.organisations.items()},
        "other_patient": house.ward.beds[1].patient_id,
        "new_device": "hv-exempel-7",
        "second_alert": await alarm(house, bed, "limit.heart_rate.high", Priority.MEDIUM),
    }


async def _more(conn: Connection, scene: Scene) -> dict[str, Any]:
    """Add a stay that is over, and something more that was refused."""
    patient_id = scene.house.ward.beds[2].patient_id
    row = await (
        await conn.execute(
            "with s as (insert into stay (patient_id, programme, period) values (%(patient)s, 'hospital_at_home',"
            " tstzrange(%(from)s, %(until)s)) returning stay_id), r as (insert into responsibility"
            " (stay_id, team_id, period) select stay_id, %(team)s, tstzrange(%(from)s, null) from s)"
            " select stay_id from s",
            {
                "patient": patient_id,
                "team": scene.teams["own"],
                "from": MORNING - timedelta(days=30),
                "until": MORNING - timedelta(days=20),
            },
        )
    ).fetchone()
    assert row is not None
    return {"past_stay": row[0], **await _refused(conn, scene)}


async def _refused(conn: Connection, scene: Scene) -> dict[str, int]:
    """Add two readings that came before the device was worn."""
    device_id, found = "hv-exempel-7", {}
    for name, value in (("early", 92), ("earlier", 91)):
        reading = {"kind": "spo2", "value": value, "unit": "%", "measured_at": "2026-01-14T06:00:00Z"}
        refused = Refused(
            received_at=MORNING,
            device_id=device_id,
            topic=f"hemvakt/1/{device_id}/vitals",
            reason="no_binding",
            detail="nobody wore the device at 2026-01-14T06:00:00Z",
            index=None,
            payload=json.dumps(reading).encode(),
        )
        await quarantine.insert(conn, [refused])
        row = await (await conn.execute("select max(quarantine_id) from quarantine")).fetchone()
        assert row is not None
        found[name] = row[0]
    return found
