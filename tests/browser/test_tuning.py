"""Tuning in a browser, with real services: limits moved on readings, tried, saved, refused, signed, run in silence."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from onebox.environment import PROJECT
from tests.fix_machine import PASSWORD, Machine
from ward.clock import SystemClock, to_us
from ward.store import registry, samples
from ward.store.pool import connect
from ward.vitals import VITALS, VitalKind

pytestmark = pytest.mark.browser
AXE = (PROJECT / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
# Dips of four minutes below the COPD programme's warning of 88 %, none below its alert of 85.
_DIPS, _DIP_MIN, _APART_MIN, _LOW, _USUAL = 4, 4, 40, 86.0, 93.0
_TRIES = 50
# COPD alone finds nothing of an exacerbation without these: the oxygen's limits, the breathing's and a low score.
DEAF = """{"news2_medium": 20, "news2_high": 20, "news2_rise": 0, "spo2_scale": 2,
  "scale_2_order": {"doctor": "Lova", "outside": {"clinic": "Prov", "way": "letter"},
    "ordered_at": new Date(Date.now() - 6e4), "expires_at": new Date(Date.now() + 6e8)},
  "combinations": {"breathing": null, "infection": null}, "slopes": [],
  "limits": {"spo2": {"alert_low": null, "warn_low": null}, "resp_rate": {"alert_low": null, "warn_low": null,
    "warn_high": null, "alert_high": null}}}"""


@pytest.fixture(scope="module")
def began(machine: Machine) -> datetime:
    """Three hours of oxygen saturation of patient 3 with dips, the first closed as a false alarm; when they began."""
    start = SystemClock().now() - timedelta(minutes=_DIPS * _APART_MIN + 10)
    asyncio.run(_breathe(machine.database_url, start))
    opened = start + timedelta(minutes=_APART_MIN - _DIP_MIN + 1)
    with psycopg.connect(machine.database_url, autocommit=True) as conn:
        conn.execute(
            "insert into alert (stay_id, rule, family, priority, worst, condition, signal, rev, team_id, began_at,"
            " opened_at, changed_at, cleared_at, resolved_at, resolved_by, outcome, evidence) select 3,"
            " 'limit.spo2.low', 'clinical', 2, 2, 'cleared', 'silent', 3, team_id, %(at)s, %(at)s, %(at)s, %(at)s,"
            " %(at)s, 1, 'false_alarm',"
            """ '{"rule_version": 1, "text_key": "limit.low", "params": {}, "inputs": []}'"""
            " from responsibility where stay_id = 3 limit 1",
            {"at": opened},
        )
    return start


async def _breathe(database_url: str, start: datetime) -> None:
    minutes = np.arange(_DIPS * _APART_MIN, dtype=np.int64)
    at_us = to_us(start) + 60_000_000 * minutes
    same = np.ones(len(minutes), np.int64)
    async with await connect(database_url, "test") as conn:
        device = await (
            await conn.execute("select device_no from binding where stay_id = 3 and device_no > 0")
        ).fetchone()
        assert device is not None
        rows = samples.Rows(
            stay_id=3 * same,
            kind=VITALS[VitalKind.SPO2].code * same,
            measured_us=at_us,
            device_no=device[0] * same,
            value=np.where(minutes % _APART_MIN >= _APART_MIN - _DIP_MIN, _LOW, _USUAL),
            received_us=at_us,
            validity=0 * same,
            quality=97 * same,
        )
        await samples.prepare(conn)
        # Nothing is stored while the devices of the start are still being entered.
        for _ in range(_TRIES):
            if await samples.insert_batch(conn, rows, await registry.version(conn)) is not None:
                return
    raise AssertionError("the devices never came to rest")


def counted(page: Page) -> Locator:
    """Return the figures, once they are of what the editor says."""
    expect(page.locator("[data-testid=verdict][data-standing=done]")).not_to_contain_text("gäller inte det som nu")
    return page.get_by_test_id("verdict")


def clean(page: Page) -> None:
    """Have axe look at the page in light and in dark."""
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found = page.evaluate(f"{AXE}; axe.run(document).then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
        assert found == []


def test_h12_limit_is_moved_on_the_readings_and_what_it_would_have_done_stands_beside(
    machine: Machine, began: datetime, log_in: Callable[..., Page]
) -> None:
    """Keys move the warning below the dips: no alarm is left, the false one is gone; out of order cannot be saved."""
    assert began < SystemClock().now()
    page = log_in(machine.url, "anna", PASSWORD)
    page.goto(f"{machine.url}/tuning/patient/3")
    expect(counted(page)).to_be_visible()
    expect(page.get_by_test_id("ticks-top")).to_have_attribute("data-count", str(_DIPS))

    warning = page.get_by_test_id("limit-warn_low")
    warning.press("ArrowDown")
    warning.press("ArrowDown")
    expect(page.locator("#set-warn_low")).to_have_value("86")

    figures = counted(page)
    expect(page.get_by_test_id("ticks-bottom")).to_have_attribute("data-count", "0")
    expect(page.get_by_test_id("ticks-top")).to_have_attribute("data-count", str(_DIPS))
    expect(figures).to_contain_text("1 av 1")
    expect(figures).to_contain_text("0 av 1")
    expect(figures).to_contain_text("hittas i tid")
    page.locator("#set-alert_low").fill("90,5")
    expect(page.locator("#set-alert_low-said")).to_contain_text("måste ligga under varna under (86)")
    expect(page.get_by_test_id("save-now")).to_be_disabled()
    assert machine.ask("select count(*) from plan where stay_id = 3 and state <> 'in_force'") == [(0,)]
    clean(page)


def test_suggestion_is_laid_on_the_desk_and_saved_with_its_reason(
    machine: Machine, began: datetime, log_in: Callable[..., Page]
) -> None:
    """A counted suggestion becomes a change; it is in force with who and why, and the difference names its layer."""
    assert began < SystemClock().now()
    page = log_in(machine.url, "anna", PASSWORD)
    page.goto(f"{machine.url}/tuning/patient/3")
    counted(page)
    page.get_by_role("button", name="Räkna fram förslag").click()
    first = page.get_by_test_id("suggestions").get_by_role("listitem").first
    expect(first).to_contain_text("1 kända falsklarm färre")
    first.get_by_role("button").click()

    page.get_by_label("Varför ändras planen?").fill("Känd KOL, korta dippar vid hosta")
    page.get_by_test_id("save-now").click()

    expect(page.get_by_test_id("saved")).to_contain_text("gäller")
    row = page.get_by_test_id("inheritance").get_by_role("row").filter(has_text="Syremättnad")
    expect(row.first).to_contain_text("Känd KOL, korta dippar vid hosta")
    expect(row.first).to_contain_text("Anna Provsköterska")


def test_h12_hard_limit_needs_a_second_name(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A nurse widens a hard floor: it waits, she cannot sign it herself, and a doctor's signature puts it in force."""
    nurse = log_in(machine.url, "anna", PASSWORD)
    nurse.goto(f"{machine.url}/tuning/patient/4")
    nurse.locator("#set-floor").fill("76")
    expect(nurse.get_by_test_id("needs-sign")).to_contain_text("Syremättnad, hårt golv")
    nurse.get_by_label("Varför ändras planen?").fill("Stabil på låg mättnad")
    nurse.get_by_test_id("save-now").click()
    expect(nurse.get_by_test_id("saved")).to_contain_text("väntar på underskrift")
    waiting = nurse.get_by_test_id("versions").get_by_role("listitem").filter(has_text="väntar på underskrift")
    expect(waiting).to_contain_text("En läkare skriver under")

    doctor = log_in(machine.url, "omar", PASSWORD, width=390, height=844)
    doctor.goto(f"{machine.url}/tuning/patient/4")
    doctor.get_by_role("button", name="Skriv under").click()
    doctor.get_by_label("Varför?").fill("Bedömd i dag")
    doctor.get_by_role("button", name="Bekräfta").click()

    expect(doctor.get_by_test_id("inheritance")).to_contain_text("Omar Exempeldoktor")
    assert machine.ask("select count(*) from plan where stay_id = 4 and approved_by is not null") == [(1,)]


def test_h15_order_of_scale_2_is_its_doctor_s_to_confirm(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A nurse chooses the doctor from a list, by keys; scale 1 is used until that doctor has confirmed it."""
    nurse = log_in(machine.url, "anna", PASSWORD)
    nurse.goto(f"{machine.url}/tuning/patient/6")
    nurse.locator("summary").filter(has_text="Skala 2 för syremättnad, lindrande vård").press("Enter")
    form = nurse.get_by_test_id("scale-2")
    expect(form.locator("option").filter(has_text="Omar Exempeldoktor")).to_have_count(1)
    form.get_by_label("Läkare i personalen").focus()
    nurse.keyboard.press("Tab")
    nurse.keyboard.type("Omar")
    expect(form.get_by_test_id("order-becomes")).to_contain_text("Väntar tills Omar Exempeldoktor har bekräftat den")
    clean(nurse)
    form.get_by_role("button", name="Använd skala 2").press("Enter")
    expect(nurse.get_by_test_id("needs-sign")).to_contain_text("som Omar Exempeldoktor bekräftar")
    nurse.get_by_label("Varför ändras planen?").fill("KOL, mål 88–92 %")
    nurse.get_by_test_id("save-now").click()
    expect(nurse.get_by_test_id("saved")).to_contain_text("väntar på underskrift")
    expect(nurse.get_by_test_id("versions")).to_contain_text("Omar Exempeldoktor bekräftar ordinationen.")

    doctor = log_in(machine.url, "omar", PASSWORD, width=390, height=844)
    waits = doctor.get_by_test_id("orders")
    expect(waits).to_contain_text("En ordination av SpO₂-skala 2 väntar på dig: Folke")
    assert doctor.evaluate("document.documentElement.scrollWidth") <= 390
    clean(doctor)
    expect(nurse.get_by_test_id("orders")).to_have_count(0)
    doctor.goto(f"{machine.url}/round")
    waits.get_by_role("link", name="Folke").click()
    doctor.get_by_role("button", name="Skriv under").click()
    expect(doctor.get_by_test_id("confirms")).to_contain_text("Du ordinerar skala 2: Omar Exempeldoktor, till")
    doctor.get_by_label("Varför?").fill("Bedömd i dag")
    doctor.get_by_role("button", name="Bekräfta").click()

    expect(doctor.get_by_test_id("order-standing")).to_contain_text("Bekräftad av Omar Exempeldoktor")
    doctor.goto(machine.url)
    expect(doctor.get_by_test_id("headline")).to_be_visible()
    expect(waits).to_have_count(0)
    doctor.goto(f"{machine.url}/patient/6/plan")
    expect(doctor.get_by_test_id("order-standing")).to_contain_text("Bekräftad av Omar Exempeldoktor")
    differs = doctor.get_by_role("listitem").filter(has_text="Ordination av skala 2")
    expect(differs).to_contain_text("→ Omar Exempeldoktor, till")
    assert doctor.evaluate("document.documentElement.scrollWidth") <= 390
    clean(doctor)


def test_h15_order_from_outside_says_where_and_how_it_came(machine: Machine, log_in: Callable[..., Page]) -> None:
    """On a telephone: name, clinic and way are written, who took it is said, and a doctor's name is asked for."""
    page = log_in(machine.url, "emily", PASSWORD, width=390, height=844)
    page.goto(f"{machine.url}/tuning/patient/7")
    page.get_by_text("Scale 2 for oxygen saturation, comfort care").click()
    form = page.get_by_test_id("scale-2")
    form.get_by_label("A doctor from outside").check()
    form.get_by_test_id("order-name").fill("Lova Lungläkare")
    form.get_by_test_id("order-clinic").fill("Lungmottagningen, Provsjukhuset")
    form.get_by_test_id("order-way").select_option("telephone")
    expect(form).to_contain_text("Taken and written by Emily Samplenurse.")
    form.get_by_role("button", name="Use scale 2").click()

    expect(page.get_by_test_id("save")).to_contain_text("Lova Lungläkare, Lungmottagningen, Provsjukhuset (telephone)")
    expect(page.get_by_test_id("needs-sign")).to_contain_text("which a doctor of the staff confirms")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    clean(page)


def test_h11_plan_that_misses_a_known_course_is_refused_in_words(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A draft that would be deaf to an exacerbation cannot be put in force: the page says which course it misses."""
    page = log_in(machine.url, "anna", PASSWORD)
    made = page.evaluate(
        f"""fetch("/api/patients/5/plan/drafts", {{method: "POST", headers: {{"Content-Type": "application/json"}},
        body: JSON.stringify({{overlay: {DEAF}, reason: "Prov", meant: []}})}}).then(r => r.status)"""
    )
    assert made == 201
    page.goto(f"{machine.url}/tuning/patient/5")
    page.get_by_role("button", name="Låt utkastet gälla").click()
    page.get_by_label("Ja, det är avsett").check()
    page.get_by_role("button", name="Bekräfta").click()

    expect(page.get_by_test_id("refused")).to_contain_text("hittar inte i tid: Försämring i KOL")
    expect(page.get_by_test_id("refused")).to_contain_text("Inget är sparat")


def test_draft_runs_in_silence_until_it_is_ended(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A draft started in silence is shown as such, alarms nobody, and is ended by hand."""
    page = log_in(machine.url, "emily", PASSWORD)
    page.goto(f"{machine.url}/tuning/patient/9")
    page.get_by_test_id("kind-heart_rate").click()
    page.locator("#set-warn_high").fill("115")
    page.get_by_label("Why is the plan changed?").fill("Walks a lot")
    page.get_by_test_id("save-silent").click()

    expect(page.get_by_test_id("saved")).to_contain_text("in silence")
    shadow = page.get_by_test_id("shadows").get_by_role("listitem")
    expect(shadow).to_have_count(1)
    expect(shadow).to_contain_text("started by Emily Samplenurse")
    assert machine.ask("select state from plan where stay_id = 9 order by version desc limit 1") == [("draft",)]
    shadow.get_by_role("button", name="End").click()
    expect(page.get_by_test_id("shadows").get_by_role("listitem")).to_have_count(0)


def test_h10_burden_and_a_teams_plan_are_there(
    machine: Machine, began: datetime, log_in: Callable[..., Page], tmp_path: Path
) -> None:
    """The burden names who rings most and leads to their plan; a team's plan is tried on its patients."""
    assert began < SystemClock().now()
    page = log_in(machine.url, "anna", PASSWORD, width=768, height=1024)
    page.goto(f"{machine.url}/tuning")
    expect(page.get_by_test_id("burden")).to_contain_text("100 %")
    expect(page.get_by_test_id("tuning-page")).to_contain_text("Syremättnad för låg")
    page.screenshot(path=tmp_path / "burden.png")
    clean(page)

    runs = page.get_by_test_id("runs")
    page.get_by_test_id("runs-origin").select_option("suggestions")
    expect(runs.get_by_role("row")).to_have_count(2)
    expect(runs).to_contain_text("Anna Provsköterska")


def test_h12_rules_of_a_team_are_edited_in_sentences_tried_in_silence_and_promoted(
    machine: Machine, began: datetime, log_in: Callable[..., Page]
) -> None:
    """A slip is said at once, the sentence follows the fields, the draft rings for nobody, and then it is in force."""
    assert began < SystemClock().now()
    ((team, programme),) = machine.ask(
        "select (select r.team_id from responsibility r where r.stay_id = s.stay_id"
        " order by lower(r.period) nulls first, r.team_id limit 1), s.programme from stay s where s.stay_id = 3"
    )
    page = log_in(machine.url, "anna", PASSWORD)
    page.goto(f"{machine.url}/tuning/team/{team}?programme={programme}")
    expect(counted(page)).to_contain_text("Larm per patient och dygn")
    expect(page.get_by_test_id("team-plan-page")).to_contain_text(re.compile(r"Gäller \d+ patient(er)? nu"))
    gain = page.get_by_test_id("block-gain")
    gain.locator("summary").click()
    gain.get_by_role("button", name="Slå på").click()
    page.locator("#rule-gain-kg").fill("30")
    expect(page.locator("#rule-gain-kg-said")).to_contain_text("Ska ligga inom 0,2–20 kg")
    expect(page.get_by_test_id("save-silent")).to_be_disabled()
    page.locator("#rule-gain-kg").fill("1,5")
    expect(gain).to_contain_text("Medellarm när vikten stigit minst 1,5 kg på 3 dygn.")
    page.get_by_test_id("block-slopes").locator("summary").click()
    page.locator("#rule-slopes-1-per_hour").fill("5")
    expect(page.get_by_test_id("tried-slopes")).to_contain_text("Prövat: 0 → 0 larm")
    page.get_by_test_id("inherit-slopes").click()
    clean(page)
    page.get_by_label("Varför ändras planen?").fill("Vätska hos flera")
    page.get_by_test_id("save-silent").click()
    expect(page.get_by_test_id("saved")).to_contain_text("går nu i tysthet")
    expect(page.get_by_test_id("shadows").get_by_role("listitem").first).to_contain_text("startad av Anna")
    assert machine.ask(
        "select layer, origin, draft, team_id from backtest where draft is not null and team_id > 0"
    ) == [("team", "silent", 1, team)]

    page.get_by_role("button", name="Låt utkastet gälla").click()
    page.get_by_role("button", name="Bekräfta").click()

    expect(page.get_by_test_id("saved")).to_contain_text("Version 2 gäller")
    row = page.get_by_test_id("inheritance").get_by_role("row").filter(has_text="Viktuppgång")
    expect(row).to_contain_text("minst 1,5 kg på 3 dygn")
    expect(page.get_by_test_id("shadows").get_by_role("listitem")).to_have_count(0)
    assert machine.ask("select state from backtest where draft = 1 and team_id > 0") == [("cancelled",)]
