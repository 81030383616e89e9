"""The documents hold together: links lead somewhere, the table of settings is the code's, decisions stay short."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reading import read_vitals
from ward import wire
from ward.settings import Settings
from ward.wire import Leaf

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("benchmarks/*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link within the repository leads to a file that is there, and to a heading that it has."""
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page

        assert file.exists(), f"{_name(page)} links to {target}"
        assert not anchor or anchor in _anchors(file), f"{_name(page)} links to {target}#{anchor}"


def test_settings_table_is_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The README lists every setting with its default."""
    rows = ["| variable | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in {"", None} else f"`{str(field.default).lower()}`"
        rows.append(f"| `HEMVAKT_{name.upper()}` | {default} | {field.description} |")

    golden_table(ROOT / "README.md", "settings", rows)


@pytest.mark.parametrize("page", DECISIONS, ids=_name)
def test_decision_is_short_and_whole(page: Path) -> None:
    """A decision has a number, a question, a choice, a reason and a cost, on at most 60 lines, and is listed."""
    text = page.read_text(encoding="utf-8")
    parts = re.findall(r"^\*\*(\w+)", text, re.MULTILINE)

    assert text.startswith(f"# {page.name[:4]}: ")
    assert [part for part in parts if part in {"Question", "Choice", "Why", "Cost"}] == [
        "Question",
        "Choice",
        "Why",
        "Cost",
    ]
    assert len(text.splitlines()) <= 60
    assert f"({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


def test_readme_warns_before_it_invites() -> None:
    """That this is no medical device stands above the first command."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert 0 < readme.index("Not a certified medical device") < readme.index("./hemvakt demo")


def test_licence_is_whole() -> None:
    """The licence is the whole text of Apache-2.0, from its title to its appendix."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "Version 2.0, January 2004" in text[:200]
    assert re.findall(r"^   (\d)\. ", text, re.MULTILINE) == list("123456789")
    assert "APPENDIX: How to apply the Apache License to your work." in text


@pytest.mark.parametrize("page", ["README.md", "docs/wire-format.md"])
def test_reading_to_publish_by_hand_is_good(page: str) -> None:
    """The command that publishes a reading sends one that is accepted, under the topic of the device that logs in."""
    text = (ROOT / page).read_text(encoding="utf-8")
    user, sent_to, payload = re.findall(r"-u (\S+) .* -t (\S+) \\\n +-m '(.*)'$", text, re.MULTILINE)[0]
    readings, rejects = read_vitals(payload.replace("'$(date +%s000)'", "1795255200000").encode())

    assert (len(readings), rejects) == (1, [])
    assert sent_to == wire.topic(user, Leaf.VITALS)


def test_log_events_to_look_for_exist() -> None:
    """Each event that the operator's page explains is written by some module."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page[page.index("| event | what to do |") : page.index("## Devices")]
    named = re.findall(r"`([a-z]+(?:_[a-z]+)+)`", re.sub(r"^(\|[^|]*\|).*$", r"\1", table, flags=re.MULTILINE))
    packages = ("ward", "ingest", "alerting", "api", "onebox")
    code = "".join(path.read_text(encoding="utf-8") for each in packages for path in (ROOT / each).rglob("*.py"))

    assert len(named) > 5
    assert [event for event in named if f'"{event}"' not in code] == []
