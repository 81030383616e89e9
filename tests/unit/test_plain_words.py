"""Plain words for the patient: every alert has them in both languages, calm, without numbers, promising nothing."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting.plain_words import PLAIN, plain, unasked
from alerting.words import KINDS, TEMPLATES
from api.live.life_messages import alert_detail
from tests.live_stage import NOW, an_alert
from ward.alerts import Evidence, Input

PAGE = Path(__file__).resolve().parents[2] / "docs" / "alert-lifecycle.md"
PROMISES = (
    "allt är bra",
    "ingen fara",
    "har sett",
    "all is well",
    "no danger",
    "has seen",
    "do not worry",
    "oroa dig inte",
)


def of(key: str, kind: str = "spo2", **params: float) -> Evidence:
    """Make evidence of a sentence."""
    return Evidence(rule_version=1, text_key=key, params={"kind": kind, **params}, inputs=())


def test_n21_every_sentence_of_staff_has_one_for_the_patient() -> None:
    """The two catalogues have the same keys: an alert without plain words cannot be."""
    assert set(PLAIN) == set(TEMPLATES)


@pytest.mark.parametrize("key", sorted(PLAIN))
def test_h35_plain_words_are_whole_in_both_languages(key: str) -> None:
    """Nothing is left unfilled, nothing is a number but that to call, and the languages differ."""
    sv, en = (plain(of(key, value=84.0, limit=88.0), lang) for lang in ("sv", "en"))

    for text in (sv, en):
        assert text[0].isupper()
        assert text.endswith((".", "?"))
        assert not set("{}") & set(text)
        assert set(re.findall(r"\d+", text)) <= {"112"}
        assert not any(promise in text.lower() for promise in PROMISES)
    assert sv != en


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_plain_name(kind: str) -> None:
    """No kind is called by its clinical name, or by none."""
    said = plain(of("limit.low", kind=kind), "sv")

    assert "ett av dina värden" not in said.lower()


@pytest.mark.parametrize(
    "key", ["limit.low", "news2.total", "rhythm.asystole", "help_button", "check_in", "weight.gain"]
)
def test_h32_what_speaks_of_the_patient_says_whom_to_call(key: str) -> None:
    """Nobody is left to believe that the platform calls for them."""
    assert "112" in plain(of(key), "sv")
    assert "112" in plain(of(key), "en")


@pytest.mark.parametrize("key", ["battery", "offline", "nodata", "plan", "clock.ahead"])
def test_what_speaks_of_equipment_frightens_nobody(key: str) -> None:
    """A technical alert says what to check, or that there is nothing to do, and no emergency number."""
    assert "112" not in plain(of(key), "sv")


def test_h02_patient_reads_that_something_was_not_new() -> None:
    """Where an alert was judged by an old value the patient is told so, before what to do; of a fresh one nothing."""
    at = datetime(2026, 11, 21, 10, tzinfo=UTC)
    flow = Input(kind="oxygen_flow", value=3.0, unit="L/min", measured_at=at - timedelta(hours=9))
    kept = replace(of("support.spo2"), inputs=(flow,), judged_at=at)

    said = {"sv": plain(kept, "sv"), "en": plain(kept, "en")}
    assert "En del av mätvärdena bakom var inte nya. Om du mår sämre" in said["sv"]
    assert "Some of the measurements behind it were not new. If you feel worse" in said["en"]
    assert "inte nya" not in plain(replace(kept, judged_at=flow.measured_at), "sv")


def test_h35_plain_words_are_as_reviewed(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The page shows every pair side by side; a change of one is seen there."""
    rows = ["| key | Swedish | English |", "|---|---|---|"]
    rows += [f"| `{key}` | {PLAIN[key][0]} | {PLAIN[key][1]} |" for key in PLAIN]

    golden_table(PAGE, "plain", rows)


def test_h35_what_the_plan_asks_for_no_more_is_told_as_that() -> None:
    """An alert that a change of the plan ended says so in both languages, and never that a value is as it was."""
    sv, en = (unasked(of("limit.low"), lang) for lang in ("sv", "en"))

    assert sv.startswith("Din plan har ändrats och frågar inte längre efter det som larmet gällde: syret i blodet.")
    assert en.startswith("Your plan has changed and no longer asks for what the alert was about: oxygen in the blood.")
    assert all("112" in text and not any(each in text.lower() for each in PROMISES) for text in (sv, en))
    assert unasked(of("news2.total", kind=""), "sv").startswith(sv.split(":", maxsplit=1)[0] + ".")


@pytest.mark.parametrize(
    ("gone", "said"), [(True, "Your plan has changed"), (False, "Your oxygen in the blood is lower")]
)
def test_h35_patient_reads_of_an_alert_what_is_so(gone: bool, said: str) -> None:  # noqa: FBT001
    """The alert of a plan that was changed says to the patient that it was changed; any other what it is about."""
    kept = {"rule_version": 1, "text_key": "limit.low", "params": {"kind": "spo2"}, "inputs": []}
    row = replace(an_alert(1), unasked=gone, evidence=kept)

    assert alert_detail(row, [], NOW.date())["plain_en"].startswith(said)
