"""The printed list for when nothing else works: what stands on it, who gets it, that the file is always a whole one."""

import io
import stat
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pypdf
import pytest

from onebox import fallback_files
from onebox.fallback_files import Wanted
from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import admit_account, evaluate, get, someone, store, visit
from ward import plans
from ward.chores import Deed
from ward.clock import SystemClock
from ward.errors import NotFound, StoreUnavailable
from ward.store import chores, fallback_lists, heartbeats, platform
from ward.store.pool import Connection
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
AFTER_HOURS = NOON + timedelta(hours=5)


def furnish(unit: Unit) -> None:
    """Give the first patient an address, an old temperature and an alert; the second has a protected identity."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        known = "update patient set phone = '08-465 004 11', address = 'Påhittsvägen 1' where patient_id = any(%s)"
        conn.execute(known, ([bed.patient_id for bed in unit.ward.beds],))
        protected = "update patient set protected_since = %s, given_name = 'Hemliga' where patient_id = %s"
        conn.execute(protected, (NOON, unit.ward.beds[1].patient_id))
        conn.execute("update staff set phone = '08-465 004 31' where staff_id = %s", (unit.anna,))
    store(unit, VitalKind.SPO2, [(NOON - timedelta(minutes=minute), 84.0) for minute in range(10, 0, -1)])
    store(unit, VitalKind.TEMPERATURE, [(NOON - timedelta(hours=20), 38.25)])
    evaluate(unit)


def reached(unit: Unit) -> list[tuple[str | None, str | None]]:
    """Return telephone and address of each patient, as the list is given them."""

    async def read(conn: Connection) -> list[tuple[str | None, str | None]]:
        found = await fallback_lists.reached(conn, [bed.stay_id for bed in unit.ward.beds])
        return [(found[bed.stay_id].phone, found[bed.stay_id].address) for bed in unit.ward.beds]

    return unit.within(read)


def words(pdf: bytes) -> str:
    """Return the text of a PDF with plain spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


async def printed(served: Served, username: str, team: int, lang: str = "sv") -> str:
    """Return the words of a team's list, as somebody gets it."""
    async with someone(served, username) as client:
        answer = await client.get(f"/api/teams/{team}/fallback-list", params={"lang": lang})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert answer.headers["cache-control"] == "no-store"
        return words(answer.content)


def test_h36_list_says_numbers_limits_values_with_their_age_and_whom_to_call(unit: Unit) -> None:
    """With everything down, a team's paper says whom to call, their limits, newest values, alerts and who answers."""
    furnish(unit)
    patient = admit_account(unit, "patient")
    limits = plans.template("hospital_at_home").limits[VitalKind.SPO2]

    async def guest(served: Served) -> None:
        swedish = await printed(served, "anna", unit.day)
        english = await printed(served, "anna", unit.day, "en")

        for said in (
            "Gjord 2026-11-18 12:00",
            "GÄLLER INTE EFTER 2026-11-19 12:00",
            "Testsson 1, Testa 19400101-9801",
            "08-465 004 11",
            "Påhittsvägen 1",
            f"syremättnad % 84 11:59, 1 min sedan {limits.alert_low:g} {limits.warn_low:g} ",
            "GAMMALT 17/11 16:00, 20 h sedan",
            "38,25",
            "HÖG: Syremättnad 84 % under gränsen 88 %",
            "Svarar nu till 2026-11-18 16:00: Testteamet, 000; Anna Provsson, 08-465 004 31",
            "Därefter till 2026-11-18 21:00: Dygnet runt, 112; Natt Provsson",
            "Läkare Lunga Provsson",
            "112",
        ):
            assert said in swedish, said
        assert "T., T." not in swedish
        assert "T., H. …9802" in swedish
        assert "Hemliga" not in swedish + english
        assert swedish.count("Påhittsvägen") == 2  # not the protected one's
        assert "NOT AFTER 2026-11-19 12:00" in english
        assert "oxygen saturation % 84 11:59, 1 min ago" in english

        async with someone(served, patient) as own:
            log = (await get(own, f"/api/patients/{unit.ward.beds[0].patient_id}/access-log"))["items"]
            assert [each["name"] for each in log if "reservlistan" in each["text_sv"]] == ["Anna Provsson"] * 2
        async with someone(served, "natt") as natt:
            assert (await natt.get(f"/api/teams/{unit.day}/fallback-list")).status_code == 404
            assert (await natt.get(f"/api/teams/{unit.base}/fallback-list?lang=fi")).status_code == 422

    visit(unit, guest)
    known = ("08-465 004 11", "Påhittsvägen 1")
    assert reached(unit) == [known, (None, None), known]


def test_h36_list_holds_whom_the_next_shift_takes_over_and_not_whom_it_is_blocked_from(unit: Unit) -> None:
    """In the evening the day team's list has the patients of tomorrow, but not one who has blocked the team since."""
    with psycopg.connect(unit.url, autocommit=True) as conn:  # over HTTP a team that answers ahead cannot be blocked
        conn.execute(
            "insert into patient_block (patient_id, team_id, set_at, set_by)"
            " values (%s, %s, %s, (select min(account_id) from account))",
            (unit.ward.beds[0].patient_id, unit.day, NOON),
        )

    async def guest(served: Served) -> None:
        day, night = await printed(served, "anna", unit.day), await printed(served, "natt", unit.base)

        assert [f"Testsson {number}," in day for number in (1, 2, 3)] == [False, True, True]
        assert [f"Testsson {number}," in night for number in (1, 2, 3)] == [True, True, True]
        assert "Svarar nu till 2026-11-18 21:00: Dygnet runt" in day

    visit(unit, guest, AFTER_HOURS)


def test_h36_lists_that_were_made_are_remembered_and_those_that_do_not_come_are_missed(
    unit: Unit, tmp_path: Path
) -> None:
    """A whole folder counts, one team's list does not; days later the store still knows of the last and tells of it."""
    now = SystemClock().now()

    async def known(conn: Connection) -> None:
        await heartbeats.beat(
            conn, "ingest", "a", now + timedelta(days=3), {}
        )  # which forgets services that are silent
        found.append((await chores.read(conn, now)).last(Deed.LISTS))
        services.append(set((await platform.read(conn, now)).beats))

    found: list[datetime | None] = []
    services: list[set[str]] = []
    fallback_files.run(unit.url, Wanted(language="sv", team_id=unit.day, target=tmp_path / "one.pdf"))
    unit.within(known)
    fallback_files.run(unit.url, Wanted(language="sv", team_id=None, target=tmp_path / "lists"))
    unit.within(known)

    assert found[0] is None
    assert found[1] is not None
    assert found[1] >= now
    assert services == [{"ingest"}] * 2


def test_h36_files_of_all_teams_are_whole_private_and_survive_a_dead_store(unit: Unit, tmp_path: Path) -> None:
    """A timer writes each team's PDF, readable by its owner alone; without a store the files stay as they were."""
    folder = tmp_path / "lists"
    gone = folder / "team-999.pdf"
    everything = Wanted(language="sv", team_id=None, target=folder)
    fallback_files.run(unit.url, everything)
    gone.write_bytes(b"of a team that is no more")

    files = fallback_files.run(unit.url, everything)
    before = {path: path.read_bytes() for path in files}
    with pytest.raises(StoreUnavailable):
        fallback_files.run("postgresql://nobody@127.0.0.1:1/none", everything)

    teams = (unit.day, unit.base, unit.lungs)
    assert {path.name for path in folder.iterdir()} == {f"team-{each}.pdf" for each in teams}
    assert {path: path.read_bytes() for path in files} == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert "Teamet har inga patienter" in words((folder / f"team-{unit.lungs}.pdf").read_bytes())
    with pytest.raises(NotFound):
        fallback_files.run(unit.url, Wanted(language="sv", team_id=10**6, target=tmp_path / "none.pdf"))
    assert not (tmp_path / "none.pdf").exists()
