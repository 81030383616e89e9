"""A roster file ends in the store, once."""

import asyncio
import re
from pathlib import Path

import msgspec
import psycopg
import pytest

from onebox import machine, roster
from tests.integration.test_plan_trials import FEW_LIMITS, NO_TRENDS
from ward import device_secrets, overlays
from ward.clock import SystemClock
from ward.duty.contact import Chain
from ward.errors import ConfigError
from ward.people import StayId
from ward.store import duty
from ward.store.pool import connect


def luhn(digits: str) -> bool:
    """Tell whether the last digit checks the nine before it, as in Swedish personal numbers."""
    total = 0
    for position, digit in enumerate(digits):
        doubled = int(digit) * (2 - position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def test_demo_roster_is_loaded_once(database_url: str) -> None:
    """The demo's twelve patients each have a stay, a team, a plan and a bound device; loading again adds nothing."""
    first = asyncio.run(roster.load(database_url, machine.ROSTER))
    again = asyncio.run(roster.load(database_url, machine.ROSTER))

    with psycopg.connect(database_url) as conn:
        row = conn.execute(
            "select count(*) from patient join stay using (patient_id) join responsibility using (stay_id)"
            " join plan using (stay_id) join binding using (stay_id) join device using (device_no)"
            " where stay.mode = 'demo' and device.mode = 'demo' and responsibility.period @> now()"
        ).fetchone()
    assert row == (12,)
    assert len([line for line in first if line.startswith("patient")]) == 12
    assert again == ["nothing to do: everything in the file is there already"]


def test_demo_people_are_invented() -> None:
    """Demo patients carry numbers of the series for tests, valid as numbers."""
    for patient in roster.read(machine.ROSTER).patient:
        assert patient.personal_number[8:11] in {"980", "981"}
        assert luhn(patient.personal_number[2:])
        assert (patient.sex == "male") == (int(patient.personal_number[10]) % 2 == 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mode = 'unreal'", "mode"),
        ("[[team]]\nname = 'A'", "organisation"),
        ("[[staff]]\norganisation='X'\nusername='A B'\nname='n'\ntitle='t'\nrole='nurse'", "username"),
        ("colour = 'red'", "colour"),
        ("not toml", "cannot be used"),
    ],
)
def test_mistake_in_a_roster_is_named(tmp_path: Path, text: str, fault: str) -> None:
    """What is wrong with a file is said by the field's name."""
    path = tmp_path / "roster.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=fault):
        roster.read(path)


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        ("plan = { goals = 'comfort' }", "goals: needs two names"),
        ("plan = { limits = { spo2 = { floor = 70 } } }", "limits.spo2.floor: needs two names"),
        ("plan = { limits = { spo2 = { warn_low = 9 } } }", "9 must be within"),
        ("plan = { spo2_scale = 2 }", "a doctor's order alone"),
        ("plan = { limit = {} }", "unknown field `limit`"),
        ("programme = 'astronauts'", "programme"),
    ],
)
def test_h12_plan_that_a_file_may_not_give_is_refused(database_url: str, tmp_path: Path, plan: str, fault: str) -> None:
    """A plan in a file is checked like any other, and what needs two names does not come in by a file."""
    path = tmp_path / "roster.toml"
    demo = machine.ROSTER.read_text(encoding="utf-8")
    before, first, *_ = demo.split("[[patient]]\n")
    kept = [line for line in first.splitlines(keepends=True) if not line.startswith(plan.partition(" ")[0])]
    path.write_text("".join([before, "[[patient]]\n", *kept, plan, "\n"]))

    with pytest.raises(ConfigError, match=re.escape(fault)):
        asyncio.run(roster.load(database_url, path))


def test_h12_first_plan_of_a_stay_finds_the_library(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's plan that would find deteriorations no more is refused by name, and nobody is admitted with it."""
    whole = roster.read(machine.ROSTER)
    blind = overlays.decode(msgspec.json.encode({**FEW_LIMITS, **NO_TRENDS}))
    first = msgspec.structs.replace(whole.patient[0], plan=blind)
    one = msgspec.structs.replace(whole, patient=[first], story=[])
    monkeypatch.setattr(roster, "read", lambda _: one)

    with pytest.raises(ConfigError, match=f"{first.device} cannot be used: it does not find in time"):
        asyncio.run(roster.load(database_url, machine.ROSTER))
    with psycopg.connect(database_url) as conn:
        assert conn.execute("select count(*) from stay").fetchone() == (0,)


def test_roster_with_an_unknown_team_changes_nothing(database_url: str, tmp_path: Path) -> None:
    """A file that names what it does not hold is refused whole."""
    path = tmp_path / "roster.toml"
    path.write_text(
        "[[organisation]]\nname='K'\nkind='municipality'\n"
        "[[staff]]\norganisation='K'\nusername='a'\nname='n'\ntitle='t'\nrole='nurse'\nteams=['Nobody']\n"
    )

    with pytest.raises(ConfigError, match="Nobody"):
        asyncio.run(roster.load(database_url, path))
    with psycopg.connect(database_url) as conn:
        assert conn.execute("select count(*) from organisation").fetchone() == (0,)


def test_secret_comes_from_the_key_where_there_is_one(database_url: str, tmp_path: Path) -> None:
    """With a key, the secret that is told for a device is the one that a broker can be told again."""
    path = tmp_path / "roster.toml"
    demo = machine.ROSTER.read_text(encoding="utf-8")
    path.write_text("".join(line for line in demo.splitlines(True) if not line.startswith("device_secret")))
    key = "0123456789abcdef0123456789abcdef"

    told = asyncio.run(roster.load(database_url, path, device_key=key))

    with psycopg.connect(database_url) as conn:
        kept = conn.execute("select device_id, secret_sha256 from device where device_no > 0").fetchall()
    assert {device_secrets.number_of(key, name, bytes(digest)) for name, digest in kept} == {device_secrets.FIRST}
    assert any(line.endswith(f"hv-0001, secret {device_secrets.derive(key, 'hv-0001', 1)}") for line in told)


def test_demo_patients_are_routed_at_every_hour(database_url: str) -> None:
    """Each of the demo's patients is answered for by several teams over a week, and has named people and a doctor."""
    asyncio.run(roster.load(database_url, machine.ROSTER))

    async def ask() -> list[Chain]:
        async with await connect(database_url, "test") as conn:
            now = SystemClock().now()
            return [await duty.chain(conn, StayId(number), now, ()) for number in range(1, 13)]

    for levels in asyncio.run(ask()):
        assert all(levels)
        assert levels[-1][0].staff_id is not None
    with psycopg.connect(database_url) as conn:
        rows = conn.execute(
            "select stay_id, count(distinct team_id) from responsibility join stay using (stay_id)"
            " where upper_inf(stay.period) group by 1"
        ).fetchall()
        bases = conn.execute("select count(*) from duty_care where nurse_id is null or doctor_id is null").fetchone()
    assert len(rows) == 12
    assert min(teams for _, teams in rows) >= 2
    assert bases == (0,)


FAULTY_DUTY = [
    ("crews = [['b']]", "'b' is named in a shift"),
    ("crews = [['a'], []]", "one of the crews is empty"),
    ("days = ['someday']", "days"),
    ("[[unit]]\norganisation='K'\nname='U'\nbase='T'", "U: .*Friday 16:00\N{EN DASH}Monday 07:00 has no team"),
    ("[[unit]]\norganisation='K'\nname='U'\nbase='X'", "team 'X' is named by a unit"),
]


@pytest.mark.parametrize(("text", "fault"), FAULTY_DUTY, ids=[fault for _, fault in FAULTY_DUTY])
def test_mistake_in_who_is_on_duty_is_named(database_url: str, tmp_path: Path, text: str, fault: str) -> None:
    """A crew of strangers, a day that does not exist, and a unit whose base sleeps are refused, and nothing is kept."""
    path = tmp_path / "roster.toml"
    day = "" if text.startswith("days") else "days = ['mon', 'tue', 'wed', 'thu', 'fri']\n"
    path.write_text(
        "[[organisation]]\nname='K'\nkind='municipality'\n"
        "[[staff]]\norganisation='K'\nusername='a'\nname='n'\ntitle='t'\nrole='nurse'\nteams=['T']\npassword='12345678'\n"
        "[[team]]\norganisation='K'\nname='T'\nphone='1'\n"
        f"[[team.shift]]\nname='Dag'\nstarts=07:00:00\nends=16:00:00\n{day}{text}\n"
    )

    with pytest.raises(ConfigError, match=fault):
        asyncio.run(roster.load(database_url, path))
    with psycopg.connect(database_url) as conn:
        assert conn.execute("select count(*) from team").fetchone() == (0,)
