"""The ambulance card over HTTP: what it shows, that it ends, that openings are noted, what a wrong link tells."""

from datetime import timedelta

import httpx
import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import admit_account, as_one, get, post, put, someone, store, visit
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
WHY = {"hours": 4, "reason": "ambulans tillkallad"}


def path_of(unit: Unit) -> str:
    """Where the first patient's cards are."""
    return f"/api/patients/{unit.ward.beds[0].patient_id}/ambulance-cards"


async def make(client: httpx.AsyncClient, unit: Unit) -> str:
    """Make a link and return its token."""
    page, _, token = (await post(client, path_of(unit), WHY))["path"].partition("#")
    assert page == "/ambulance"
    return str(token)


async def opened(crew: httpx.AsyncClient, token: str, media: str = "application/json") -> httpx.Response:
    """What the page behind a link is answered."""
    return await crew.post("/api/ambulance-card", json={"token": token}, headers={"Accept": media})


def test_crew_sees_the_last_day_and_whom_to_call_and_no_more(unit: Unit) -> None:
    """Without a log-in the link shows 24 hours, goals, limits, the next step and the team; no personal number."""
    points = [(NOON - timedelta(hours=hour, minutes=5), 90.0 + hour % 5) for hour in range(30)]
    store(unit, VitalKind.SPO2, sorted(points))

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, served.client() as crew:
            await put(anna, path_of(unit).replace("ambulance-cards", "next-step"), 0, {"what": "Sänk syrgasen <i>"})
            link = await make(anna, unit)
            answer = await opened(crew, link)
            card = answer.json()
            shown = await opened(crew, link, "text/html")

            assert answer.headers["cache-control"] == "no-store"
            assert (card["goals"], card["vitals"]["spo2"]["value"]) == ("full", 90)
            assert [each["kind"] for each in card["trends"]] == ["spo2"]
            assert 24 <= len(card["trends"][0]["t"]) <= 25
            assert card["team"]["name"] == "Testteamet"
            assert (card["next_step"]["what"], card["home_visit_on"]) == ("Sänk syrgasen <i>", "2026-11-19")
            assert "9801" not in answer.text + shown.text
            assert "Sänk syrgasen &lt;i&gt;" in shown.text
            assert '<th scope="row">Syremättnad <small lang="en">oxygen saturation</small></th>' in shown.text
            assert "<td>90\N{EN DASH}94 %</td>" in shown.text
            assert shown.text.count("<circle") == len(card["trends"][0]["t"])

    visit(unit, guest)


def test_h02_card_says_when_it_was_fetched_and_of_which_day_a_value_is(unit: Unit) -> None:
    """A page that nothing renews tells the time of its making; yesterday's value shows its day."""
    store(unit, VitalKind.SPO2, [(NOON - timedelta(hours=13), 91.0)])
    store(unit, VitalKind.HEART_RATE, [(NOON - timedelta(minutes=20), 88.0)])

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, served.client() as crew:
            shown = (await opened(crew, await make(anna, unit), "text/html")).text

            assert "<b>Hämtat / as of:</b> 2026-11-18 12:00" in shown
            assert "<b>91 %</b> 17/11 23:00" in shown
            assert "<b>88 /min</b> 11:40" in shown

    visit(unit, guest)


def test_each_opening_is_noted_with_its_time(unit: Unit) -> None:
    """The team and the patient see when a link was opened; looking at the list opens nothing."""
    patient = admit_account(unit, "patient")

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, patient) as own, served.client() as crew:
            link = await make(anna, unit)
            before = (await get(anna, path_of(unit)))["items"][0]
            await crew.get("/ambulance")  # what a program that looks at links beforehand gets
            await opened(crew, link)
            await opened(crew, link)
            after = (await get(anna, path_of(unit)))["items"][0]

            assert before["openings"] == []
            assert after["openings"] == ["2026-11-18T11:00:00Z"] * 2
            assert (after["reason"], after["expires_at"]) == (WHY["reason"], "2026-11-18T15:00:00Z")
            assert "path" not in after
            assert (await get(own, path_of(unit)))["items"] == [after]
            assert (await own.post(path_of(unit), json=WHY)).status_code == 403

            log = (await get(own, path_of(unit).replace("ambulance-cards", "access-log")))["items"]
            by_link = [each for each in log if each["why"] == "link"]
            assert [each["name"] for each in by_link] == ["Anna Provsson"] * 2
            assert by_link[0]["text_sv"].startswith("Någon såg kortet om dig för ambulansen genom en länk")
            assert "Testteamet" in by_link[0]["units"]

    visit(unit, guest)


def test_link_that_is_not_good_tells_nothing(unit: Unit) -> None:
    """Wrong, empty, taken back, expired, or of a stay that is over: one and the same 404, and no opening is noted."""
    links: list[str] = []
    answers: list[httpx.Response] = []

    async def make_two(served: Served) -> None:
        async with someone(served, "anna") as anna, served.client() as crew:
            links.extend([await make(anna, unit), await make(anna, unit)])
            taken = (await get(anna, path_of(unit)))["items"][1]["card_id"]
            for _ in range(2):
                await post(anna, f"{path_of(unit)}/{taken}/revoke", {}, 200)
            answers.extend([await opened(crew, each) for each in (links[0], "x", "", "å" * 200)])

    async def late(served: Served) -> None:
        async with served.client() as crew:
            answers.append(await opened(crew, links[1]))

    async def good(served: Served) -> None:
        async with served.client() as crew:
            assert (await opened(crew, links[1])).status_code == 200

    visit(unit, make_two)
    visit(unit, late, NOON + timedelta(hours=4))
    visit(unit, good, NOON + timedelta(hours=3))
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute(
            "update stay set period = tstzrange(lower(period), %s) where stay_id = %s",
            (NOON + timedelta(hours=1), unit.stay),
        )
        visit(unit, late, NOON + timedelta(hours=2))
        openings = conn.execute("select count(*) from ambulance_opening").fetchone()
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert openings == (1,)


def test_address_never_holds_a_token(unit: Unit) -> None:
    """A link leads to a page for nobody's index, whose script asks in a body; a link of old says that it is over."""

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, served.client() as crew:
            token = await make(anna, unit)
            page, script = await crew.get("/ambulance"), await crew.get("/ambulance.js")
            old = await crew.get(f"/api/ambulance-card?token={token}", headers={"Accept": "text/html"})
            program = await crew.get(f"/api/ambulance-card?token={token}")
            without = await crew.get("/api/ambulance-card")

            assert "noindex" in page.headers["x-robots-tag"]
            assert page.headers["referrer-policy"] == "no-referrer"
            assert 'src="/ambulance.js"' in page.text
            assert '"/api/ambulance-card"' in script.text
            assert [each.status_code for each in (page, script, old, program, without)] == [200, 200, 410, 410, 405]
            assert "Be om en ny länk" in old.text
            assert (await get(anna, path_of(unit)))["items"][0]["openings"] == []

    visit(unit, guest)


def test_token_is_told_once_and_kept_nowhere(unit: Unit) -> None:
    """A repeat with the same key is answered without the path; neither store nor audit holds the token."""
    tokens: list[str] = []

    async def guest(anna: httpx.AsyncClient) -> None:
        key = {"Idempotency-Key": "kort"}
        first = await anna.post(path_of(unit), json=WHY, headers=key)
        again = await anna.post(path_of(unit), json=WHY, headers=key)
        tokens.append(first.json()["path"].partition("#")[2])

        assert (first.status_code, again.status_code, again.json()["path"]) == (201, 200, None)
        assert (await anna.post(path_of(unit), json={**WHY, "hours": 25})).status_code == 422
        assert (await anna.post(path_of(unit), json={"hours": 1})).status_code == 422

    as_one(unit, "anna", guest)
    with psycopg.connect(unit.url) as conn:
        kept = conn.execute("select c::text from ambulance_card c union all select a::text from audit a").fetchall()
    assert len(tokens[0]) >= 43
    assert all(tokens[0] not in row[0] for row in kept)
