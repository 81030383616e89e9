"""Rounds and shifts on the screen: signed by keys, handed over by two, covered, refused in words, seen again."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from onebox.environment import PROJECT
from tests.fix_machine import PASSWORD, Machine

pytestmark = pytest.mark.browser
AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("", "/handover", "/coverage", "/schedule", "/replay", "/outcomes")


def _open(machine: Machine, page: Page, part: str, team: str | None = None) -> Page:
    """Open a page of rounds and shifts, for one team where it is about teams."""
    page.goto(f"{machine.url}/round{part}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if team is not None:
        page.get_by_test_id("round-team").select_option(label=team)
    return page


def _answering(machine: Machine) -> str:
    """The team that answers for most patients now: who is on duty hangs on the hour at which the test runs."""
    found = machine.ask(
        "select t.name from responsibility r join team t using (team_id) where r.period @> now()"
        " group by 1 order by count(*) desc, 1 limit 1"
    )
    return str(found[0][0])


def test_round_is_signed_by_keys_and_by_two(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A decision is one key and signing another; keys do nothing while somebody types; two names stand at the end."""
    team = _answering(machine)
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "omar", PASSWORD)
    page = _open(machine, nurse, "", team)
    name = page.get_by_test_id("case").get_by_role("heading", level=2)
    first = name.inner_text()
    field = page.get_by_label(re.compile("Planen i ord"))

    page.keyboard.press("3")
    expect(field).to_have_value("Hembesök behövs.")
    page.keyboard.press("t")
    page.keyboard.press("End")
    page.keyboard.type("\nn 1 p")
    expect(field).to_have_value("Hembesök behövs.\nn 1 p")
    expect(name).to_have_text(first)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("round-said")).to_contain_text(first)
    expect(name).not_to_have_text(first)

    _open(machine, doctor, "", team)
    doctor.get_by_role("button", name=re.compile(first)).click()
    expect(doctor.get_by_test_id("signed")).to_contain_text("Anna Provsköterska")
    doctor.get_by_test_id("sign").click()
    expect(doctor.get_by_test_id("round-said")).to_contain_text(first)
    doctor.get_by_role("button", name=re.compile(first)).click()
    for who in ("Anna Provsköterska", "Omar Exempeldoktor"):
        expect(doctor.get_by_test_id("signed")).to_contain_text(who)


def test_shift_is_handed_over_by_one_and_taken_by_another(machine: Machine, log_in: Callable[..., Page]) -> None:
    """What the one shift writes is read by the next, who takes it; who gave cannot; both are named."""
    team = _answering(machine)
    with psycopg.connect(machine.database_url) as conn:
        conn.execute(
            "insert into care_event (stay_id, kind, occurred_at, written_at, author, staff_id, words)"
            " select r.stay_id, 'note', now(), now(), 'staff', f.staff_id, 'Sov illa i natt'"
            " from responsibility r join team t using (team_id), account f"
            " where t.name = %s and r.period @> now() and f.username = 'nils' order by r.stay_id limit 1",
            (team,),
        )
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "omar", PASSWORD)
    page = _open(machine, nurse, "/handover", team)
    patient = page.get_by_test_id(re.compile(r"^shift-\d+$")).filter(has_text="Sov illa i natt")
    expect(patient).to_contain_text("Oläst")
    paper = page.request.get(f"{machine.url}{page.get_by_test_id('fallback-list').get_attribute('href')}")
    assert (paper.status, paper.headers["content-type"], paper.body()[:5]) == (200, "application/pdf", b"%PDF-")

    patient.get_by_role("button", name="Jag har läst").click()
    expect(patient.get_by_role("button", name="Jag har läst")).to_have_count(0)
    patient.get_by_role("textbox").fill("Ring dottern kl 9")
    page.get_by_test_id("give").click()
    expect(page.get_by_test_id("given")).to_contain_text("Ring dottern kl 9")
    expect(page.get_by_test_id("take-all")).to_have_count(0)

    _open(machine, doctor, "/handover", team)
    expect(doctor.get_by_test_id("given")).to_contain_text("Anna Provsköterska")
    doctor.get_by_test_id("take-all").click()
    expect(doctor.get_by_test_id("given")).to_contain_text("Mottaget av Omar Exempeldoktor")


def test_h25_coverage_says_when_nobody_can_be_reached_before_it_happens(
    machine: Machine, log_in: Callable[..., Page]
) -> None:
    """All is covered and said so; when the round-the-clock team loses its telephone and people, the hours are red."""
    page = _open(machine, log_in(machine.url, "anna", PASSWORD), "/coverage")
    expect(page.get_by_test_id("coverage-sum")).to_contain_text("hela tiden")
    with psycopg.connect(machine.database_url) as conn:
        kept = conn.execute("select team_id, phone from team where name = 'Dygnet runt-teamet'").fetchone()
        people = conn.execute("select staff_id, phone from staff").fetchall()
        conn.execute("update team set phone = '' where team_id = %s", (kept[0],))  # type: ignore[index]
        conn.execute("update staff set phone = ''")
    try:
        page.reload()

        expect(page.get_by_test_id("coverage-sum")).to_contain_text("Ingen kan nås")
        page.get_by_test_id("coverage").locator("summary").first.click()
        expect(page.get_by_test_id("coverage").locator("li.nobody").first).to_be_visible()
    finally:
        with psycopg.connect(machine.database_url) as conn:
            conn.execute("update team set phone = %s where team_id = %s", (kept[1], kept[0]))  # type: ignore[index]
            for staff_id, phone in people:
                conn.execute("update staff set phone = %s where staff_id = %s", (phone, staff_id))


def test_gap_in_a_week_is_refused_in_words_and_keeps_what_was_edited(
    machine: Machine, log_in: Callable[..., Page]
) -> None:
    """A round-the-clock week that ends an hour early cannot be saved; the hour is named; an exception can."""
    page = _open(machine, log_in(machine.url, "anna", PASSWORD), "/schedule", "Dygnet runt-teamet")
    ends = page.get_by_test_id("shift-0-ends")
    expect(ends).to_have_value("21:00")
    ends.fill("20")
    ends.press("Tab")
    page.get_by_test_id("save-week").click()

    expect(page.get_by_test_id("faults")).to_contain_text("saknar team")
    expect(page.get_by_test_id("faults")).to_contain_text("20:00")
    expect(ends).to_have_value("20:00")

    day = str(machine.ask("select (now() + interval '3 days')::date::text")[0][0])
    page.get_by_test_id("exception-from").fill(day)
    page.get_by_test_id("exception-from-at").fill("08:00")
    page.get_by_test_id("exception-until").fill(day)
    page.get_by_test_id("exception-until-at").fill("12:00")
    page.get_by_test_id("exception-who").select_option(label="Anna Provsköterska")
    page.get_by_test_id("exception-why").fill("Utbildning")
    page.get_by_test_id("exception-add").click()
    expect(page.get_by_test_id(re.compile(r"^exception-\d+$"))).to_contain_text("Utbildning")
    expect(ends).to_have_value("20:00")


def test_h03_replay_is_never_taken_for_now(machine: Machine, log_in: Callable[..., Page]) -> None:
    """The past has a banner with its time, values of then, and nothing that could be acted on."""
    with psycopg.connect(machine.database_url) as conn:  # of today in UTC: there is a partition for it
        conn.execute(
            "insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity)"
            " select 3, 4, at, b.device_no, 37.9, at, 0 from binding b, (select greatest(date_trunc('minute', now())"
            " - interval '20 minutes', date_trunc('day', now(), 'UTC')) as at) t where b.stay_id = 3"
        )
    page = _open(machine, log_in(machine.url, "anna", PASSWORD), "/replay")
    page.get_by_test_id("stretch").select_option("lately")
    row = page.get_by_test_id("replay-3")
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("37,9")

    page.get_by_test_id("replay-time").press("End")

    expect(row).to_contain_text("37,9")
    expect(page.get_by_test_id("replay-banner")).to_contain_text("REPRIS")
    expect(page.get_by_test_id("replay").locator("button, a, input")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_h31_pages_of_rounds_and_shifts_have_no_violation(
    machine: Machine, log_in: Callable[..., Page], theme: str
) -> None:
    """axe-core finds nothing on any of the pages, in light and dark, on a narrow screen."""
    page = log_in(machine.url, "omar", PASSWORD, width=390, height=844)
    page.evaluate(f"localStorage.setItem('hemvakt.theme', '{theme}')")
    for part in PAGES:
        _open(machine, page, part)
        expect(page.get_by_text("Hämtar …")).to_have_count(0)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")

        told = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found["violations"]]
        assert told == [], part
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part
