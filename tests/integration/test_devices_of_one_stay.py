"""Two devices on one person, on a real store: heard apart, told when they disagree, and over when they agree."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from alerting.due import evaluate_due
from tests.fix_ward import Ward, admit
from tests.integration.test_rollups import columns, prepared
from ward import credentials
from ward.alerts import Alert, Condition
from ward.people import DeviceNo
from ward.store import devices, evaluation, evaluation_requests, heard, people, registry, samples
from ward.store.pool import Connection
from ward.vitals import VITALS, Mode, Validity, VitalKind

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CODE = VITALS[VitalKind.HEART_RATE].code


async def second_device(conn: Connection, ward: Ward) -> DeviceNo:
    """Give the only patient another device, and let both be known."""
    device_no = await people.add_device(
        conn, device_id="hv-other", secret_sha256=credentials.digest("secret-hv-other"), mode=Mode.REAL
    )
    await people.add_binding(conn, device_no=device_no, stay_id=ward.beds[0].stay_id, from_at=NOW - timedelta(hours=1))
    await conn.execute(
        "insert into device_status (device_no, online, reported_at, changed_at)"
        " select device_no, true, %(now)s, %(now)s from device",
        {"now": NOW},
    )
    return device_no


async def measure(conn: Connection, ward: Ward, device_no: DeviceNo, pulse: float, at: datetime) -> None:
    """Store ten minutes of one device's pulse."""
    stay_id = ward.beds[0].stay_id
    rows = columns(
        stay_id, at - timedelta(minutes=9), [(60 * n + int(device_no), CODE, pulse, Validity.VLD) for n in range(9)]
    )
    own = replace(rows, device_no=np.full(9, int(device_no), np.int64), received_us=rows.measured_us.copy())
    await samples.insert_batch(conn, own, await registry.version(conn))
    await evaluation_requests.request(conn, stay_id, at - timedelta(minutes=9))


async def judge(conn: Connection, at: datetime) -> list[Alert]:
    """Evaluate, and return what changed about the devices."""
    async with conn.transaction():
        done = await evaluate_due(conn, at)
    return [alert for alert in done.alerts if alert.rule == "identity.devices"]


def test_h06_two_devices_that_disagree_are_an_alert_until_they_agree(database_url: str) -> None:
    """A pulse of 72 and one of 99 at the same time raise a technical alert; 72 and 74 end it."""

    async def scene() -> None:
        ward = await admit(database_url, 1, NOW)
        conn = await prepared(database_url, NOW, 2)
        async with conn:
            own, other = ward.beds[0].device_no, await second_device(conn, ward)
            await evaluation.enrol(conn, NOW)
            await measure(conn, ward, own, 72, NOW)
            alone = await judge(conn, NOW)
            await measure(conn, ward, other, 99, NOW)
            (told,) = await judge(conn, NOW)
            later = NOW + timedelta(minutes=20)
            await measure(conn, ward, own, 72, later)
            await measure(conn, ward, other, 74, later)
            (over,) = await judge(conn, later)

        assert alone == []
        assert (told.evidence.params["device_id"], told.evidence.params["other_id"]) == ("hv-1", "hv-other")
        assert over.condition is not Condition.PRESENT

    asyncio.run(scene())


def test_only_lately_counts(database_url: str) -> None:
    """What was measured before the last ten minutes, or in another stay, is not heard."""

    async def scene() -> None:
        ward = await admit(database_url, 1, NOW)
        conn = await prepared(database_url, NOW, 2)
        async with conn:
            own = ward.beds[0].device_no
            await measure(conn, ward, own, 72, NOW)
            now = await heard.lately(conn, [ward.beds[0].stay_id], [CODE], NOW)
            late = await heard.lately(conn, [ward.beds[0].stay_id], [CODE], NOW + timedelta(minutes=15))

            assert [(row.mean, row.count) for row in now] == [(72, 9)]
            assert late == []
            assert await heard.lately(conn, [], [CODE], NOW) == []

    asyncio.run(scene())


def test_late_will_leaves_no_device_offline(database_url: str) -> None:
    """Whose readings go on after it was said to be gone is online again; who measured last before that is not."""

    async def scene() -> None:
        ward = await admit(database_url, 1, NOW)
        conn = await prepared(database_url, NOW, 2)
        async with conn:
            own, stay_id = ward.beds[0].device_no, ward.beds[0].stay_id

            async def gone(reported_at: datetime) -> int:
                """Say that the device has been gone since then, and look."""
                status = devices.Status(
                    device_no=own,
                    stay_id=stay_id,
                    online=False,
                    battery_pct=None,
                    firmware=None,
                    reported_at=reported_at,
                )
                await devices.save(conn, [replace(status, online=True, reported_at=reported_at - timedelta(hours=1))])
                await devices.save(conn, [status])
                return await devices.heard_again(conn, NOW)

            await measure(conn, ward, own, 72, NOW)
            went_on = await gone(NOW - timedelta(minutes=5))
            shown = await (await conn.execute("select online, changed_at from device_status")).fetchone()
            asked = await (await conn.execute("select max(since) from evaluation_request")).fetchone()
            again = await devices.heard_again(conn, NOW)
            ended = await gone(NOW)
            await conn.execute("delete from device_status")
            await conn.execute("update device set revoked_at = %s where device_no = %s", (NOW, own))
            revoked = await gone(NOW - timedelta(minutes=5))

            assert (went_on, again, ended, revoked) == (1, 0, 0, 0)
            assert shown == (True, NOW)
            assert asked == (NOW,)

    asyncio.run(scene())
