"""The timeline over HTTP on a real store: entries, errors, receipts, pages, and that nothing is altered."""

from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import as_one, get, join_day_team, post, someone, visit
from ward.record import Written
from ward.store import records
from ward.store.pool import Connection
from ward.store.records import Span

pytestmark = pytest.mark.integration
NOTE = {"kind": "note", "words": "Sov gott, äter bättre."}
PILL = {
    "kind": "medication",
    "drug": "Furosemid",
    "drug_class": "loop_diuretic",
    "change": "increased",
    "from_dose": "40 mg",
    "to_dose": "80 mg",
}


def path_of(unit: Unit, bed: int = 0) -> str:
    """Where a patient's timeline is."""
    return f"/api/patients/{unit.ward.beds[bed].patient_id}/events"


def test_entries_stand_on_one_timeline_newest_first(unit: Unit) -> None:
    """Notes, visits, changes of medication, marks and the patient's answers stand together, by when they happened.

    Of them the changes of medication and the visits are told beside the curves, where asked for, unless in error.
    """

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        await post(anna, path, {**NOTE, "occurred_at": "2026-11-18T09:00:00Z"})
        await post(anna, path, {**PILL, "occurred_at": "2026-11-18T10:00:00Z"})
        await post(anna, path, {"kind": "visit", "words": "Hembesök", "occurred_at": "2026-11-19T08:00:00+01:00"})
        answers = [{"question": "breath", "answer": "worse"}, {"question": "fell", "answer": False}]
        await post(
            anna, path.replace("events", "check-ins"), {"answers": answers, "occurred_at": "2026-11-18T08:00:00Z"}
        )
        page = await get(anna, path)

        items = page["items"]
        assert [each["kind"] for each in items] == ["visit", "medication", "note", "check_in"]
        assert items[1]["medication"]["to_dose"] == "80 mg"
        assert items[2]["by"] == {"staff_id": unit.anna, "name": "Anna Provsson", "title": "Prov"}
        assert (items[3]["author"], items[3]["answers"]) == ("patient", answers)
        assert page["next"] is None
        assert [each["kind"] for each in (await get(anna, path, kind="note"))["items"]] == ["note"]

        days: dict[str, Any] = {"from": "2026-11-18T00:00:00Z", "to": "2026-11-20T00:00:00Z"}
        curves = path.replace("events", "vitals")
        marked = [each["kind"] for each in (await get(anna, curves, **days, marks="true"))["marks"]]
        await post(anna, f"{path}/{items[1]['event_id']}/error", {"reason": "fel patient"}, 200)
        left = [each["kind"] for each in (await get(anna, curves, **days, marks="true"))["marks"]]
        assert (marked, left) == (["medication", "visit"], ["visit"])
        assert "marks" not in await get(anna, curves, **days)

    as_one(unit, "anna", guest)


def test_pages_join_without_loss_or_repeat(unit: Unit) -> None:
    """Pages of three give every entry once, also where several bear one time across the edge of a page."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        times = ["09:00", "09:01", "09:02", "09:02", "09:02", "09:03", "09:04"]
        for minute in times:
            await post(anna, path, {**NOTE, "occurred_at": f"2026-11-18T{minute}:00Z"})
        seen: list[int] = []
        cursor: dict[str, Any] = {}
        while True:
            page = await get(anna, path, limit=3, **cursor)
            seen += [each["event_id"] for each in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

        assert len(seen) == len(set(seen)) == len(times)

    as_one(unit, "anna", guest)


def test_key_makes_a_repeat_harmless(unit: Unit) -> None:
    """The same note with one key exists once; another note with that key is refused."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path, key = path_of(unit), {"Idempotency-Key": "en"}
        first = await anna.post(path, json=NOTE, headers=key)
        again = await anna.post(path, json=NOTE, headers=key)
        other = await anna.post(path, json={**NOTE, "words": "Annat"}, headers=key)

        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
        assert first.json()["event_id"] == again.json()["event_id"]
        assert len((await get(anna, path))["items"]) == 1

    as_one(unit, "anna", guest)


def test_entry_in_error_stays_beside_what_is_right(unit: Unit) -> None:
    """Who was mistaken says so with a reason; the old entry stays, points to the new one, and is marked once."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        wrong = (await post(anna, path, NOTE))["event_id"]
        body = {"reason": "fel patient", "instead": {**NOTE, "words": "Rätt"}}
        marked = await post(anna, f"{path}/{wrong}/error", body, 200)
        again = await anna.post(f"{path}/{wrong}/error", json={"reason": "en gång till"})
        bare = await anna.post(f"{path}/{wrong}/error", json={"reason": "x"})
        items = {each["event_id"]: each for each in (await get(anna, path))["items"]}

        assert marked["error"]["reason"] == "fel patient"
        assert marked["words"] == NOTE["words"]
        assert items[marked["corrected_by"]]["corrects"] == wrong
        assert (again.status_code, bare.status_code) == (409, 422)
        other_kind = await anna.post(f"{path}/{marked['corrected_by']}/error", json={"reason": "fel", "instead": PILL})
        assert other_kind.status_code == 422

    as_one(unit, "anna", guest)


def test_reading_an_entry_is_noted_once_and_seen_by_all(unit: Unit) -> None:
    """A colleague who reads a note is named with the time; who wrote it has read it; a second reading adds nothing."""
    join_day_team(unit)

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "natt") as natt:
            path = path_of(unit)
            number = (await post(anna, path, NOTE))["event_id"]
            before = await get(natt, f"{path}/{number}")
            for _ in range(2):
                await post(natt, f"{path}/read", {"event_ids": [number]}, 200)
            after = await get(natt, f"{path}/{number}")

            assert (before["read_by_me"], after["read_by_me"]) == (False, True)
            assert [each["name"] for each in after["read_by"]] == ["Anna Provsson", "Natt Provsson"]

    visit(unit, guest)


def test_timeline_is_kept_by_the_schema(unit: Unit) -> None:
    """No statement alters or deletes an entry, an error or a receipt: a note that was read cannot be edited."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        number = (await post(anna, path, NOTE))["event_id"]
        await post(anna, f"{path}/{number}/error", {"reason": "fel patient"}, 200)

    as_one(unit, "anna", guest)
    with psycopg.connect(unit.url, autocommit=True) as conn:
        for table in ("care_event", "care_event_error", "care_event_receipt"):
            for statement in ("update {} set stay_id = stay_id", "delete from {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(sql.SQL(statement).format(sql.Identifier(table)))


WRONG: tuple[dict[str, Any], ...] = (
    {**NOTE, "occurred_at": "2026-11-18T12:00:00Z"},
    {**NOTE, "occurred_at": "2026-11-01T12:00:00Z"},
    {**NOTE, "occurred_at": "2026-11-18T09:00:00"},
    {**NOTE, "words": "  "},
    {**NOTE, "words": "med\0nul"},
    {**NOTE, "colour": "red"},
    {"kind": "readings", "words": "x"},
    {**PILL, "drug_class": "magic"},
    {**PILL, "prescriber_id": 1},
)


def test_entry_that_makes_no_sense_is_refused(unit: Unit) -> None:
    """Times ahead, before the stay or without a zone, empty words and unknown fields are a 422, and nothing is kept."""

    async def guest(anna: httpx.AsyncClient) -> None:
        for wrong in WRONG:
            answer = await anna.post(path_of(unit), json=wrong)

            assert answer.status_code == 422, wrong
            assert answer.headers["content-type"] == "application/problem+json"
        assert (await get(anna, path_of(unit)))["items"] == []

    as_one(unit, "anna", guest)


def test_stranger_s_timeline_is_unknown(unit: Unit) -> None:
    """Who may not see the patient gets 404 on every route of the timeline, an operator 403."""

    async def guest(served: Served) -> None:
        async with someone(served, "lunga") as lunga, someone(served, "oskar") as oskar:
            path = path_of(unit)
            for client, status in ((lunga, 404), (oskar, 403)):
                assert (await client.get(path)).status_code == status
                assert (await client.post(path, json=NOTE)).status_code == status
                assert (await client.post(f"{path}/read", json={"event_ids": [1]})).status_code == status
                assert (await client.post(f"{path}/1/error", json={"reason": "fel"})).status_code == status

    visit(unit, guest)


def test_every_change_is_audited_without_words(unit: Unit) -> None:
    """Writing and putting in error stand in the audit with the entry's number, and not with what was written."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        number = (await post(anna, path, NOTE))["event_id"]
        await post(anna, f"{path}/{number}/error", {"reason": "fel patient"}, 200)

    as_one(unit, "anna", guest)
    with psycopg.connect(unit.url) as conn:
        kept = conn.execute("select action, detail::text from audit order by audit_id").fetchall()
    assert [row[0] for row in kept] == ["event.written", "event.in_error"]
    assert all("Sov gott" not in row[1] for row in kept)


def test_record_of_a_patient_holds_what_was_written(unit: Unit) -> None:
    """The export streams the entries of a patient, oldest first, with what was in error and why."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        number = (await post(anna, path, NOTE))["event_id"]
        await post(anna, path, {**PILL, "occurred_at": "2026-11-18T10:00:00Z"})
        await post(anna, f"{path}/{number}/error", {"reason": "fel patient"}, 200)

    as_one(unit, "anna", guest)

    async def read(conn: Connection) -> list[Written]:
        return [each async for each in records.written(conn, Span(patient_id=unit.ward.beds[0].patient_id))]

    found = unit.within(read)
    assert [(each.kind, each.words, each.error_reason) for each in found] == [
        ("medication", "", None),
        ("note", NOTE["words"], "fel patient"),
    ]
    assert "Furosemid" in found[0].detail
