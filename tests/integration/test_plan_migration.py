"""Plans that were kept whole become overlays that say the same."""

import json
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from ward import overlays
from ward.store import migrate
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 22, tzinfo=UTC)
# What the version before kept for its template, written out in full.
WHOLE = {
    "limits": {
        "spo2": {
            "alert_low": 88.0, "warn_low": 91.0, "warn_high": None, "alert_high": None, "delay_s": 60.0,
            "clear_by": 1.0, "floor": 80.0, "ceiling": None, "k": 1, "n": 1, "median_s": 0.0,
        },
        "systolic": {
            "alert_low": 90.0, "warn_low": 100.0, "warn_high": 180.0, "alert_high": 220.0, "delay_s": 0.0,
            "clear_by": 3.0, "floor": 75.0, "ceiling": None,
        },
    },
    "expected": {"spo2": 60.0, "heart_rate": 60.0, "resp_rate": 300.0},
}  # fmt: skip


@pytest.fixture
def before(server_url: str) -> str:
    """The address of a store as it was before plans had layers, with a stay."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {}").format(sql.Identifier("before")))
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier("before")))
    url = server_url.rsplit("/", 1)[0] + "/before"
    with psycopg.connect(url, autocommit=True) as conn:
        for number, _, text in migrate.migrations():
            if number < 13:
                conn.execute(text.encode())
        conn.execute("insert into organisation (name, kind) values ('K', 'region')")
        conn.execute(
            "insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex)"
            " values (1, '191212121212', 'Tolvan', 'Testsson', '1912-12-12', 'male')"
        )
        conn.execute("insert into stay (patient_id, programme, period) values (1, 'copd', tstzrange(now(), null))")
    return url


def after(url: str, kept: str) -> object:
    """What a kept plan becomes."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("insert into plan (stay_id, version, rules, valid_from) values (1, 1, %s::jsonb, now())", (kept,))
        text = next(text for number, _, text in migrate.migrations() if number == 13)
        conn.execute(text.encode())
        row = conn.execute("select rules, state from plan").fetchone()
    assert row is not None
    assert row[1] == "in_force"
    return row[0]


def test_template_that_was_kept_whole_differs_in_nothing(before: str) -> None:
    """A plan that was the template says nothing, so that its programme's template watches from now on."""
    assert after(before, json.dumps(WHOLE)) == {}


def test_what_differed_still_does(before: str) -> None:
    """Limits, signals, scores and the scale that differed are kept, and so is a limit that was taken away."""
    own = json.loads(json.dumps(WHOLE)) | {"news2_high": 8, "spo2_scale": 2}
    own["limits"]["spo2"] |= {"alert_low": 84.0, "warn_low": None}
    own["expected"]["spo2"] = 120.0
    kept = after(before, json.dumps(own))

    assert kept == {
        "news2_high": 8, "spo2_scale": 2, "expected": {"spo2": 120},
        "limits": {"spo2": {"alert_low": 84, "warn_low": None}},
    }  # fmt: skip
    layers = json.dumps([{"origin": "patient", "version": 1, "rules": kept}])
    found = overlays.effective("copd", layers, NOW)
    assert found.plan.limits[VitalKind.SPO2].alert_low == 84
    assert (found.faults, found.plan.spo2_scale, found.scale_2_lapsed) == ((), 1, True)


@pytest.mark.parametrize("kept", ["[]", '{"limits": 7}', '{"limits": {"spo2": 7}, "expected": []}', "{}"])
def test_h13_what_was_no_plan_stays_and_is_told(before: str, kept: str) -> None:
    """The migration does not stop at a plan that nobody could read, and leaves it to be told."""
    assert after(before, kept) == json.loads(kept)
