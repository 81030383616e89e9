"""The handbooks for teams and patients: what they say stands on the screen does stand there, in Swedish."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCREEN = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "web" / "src").rglob("*words*/*.ts")))
SCREEN += "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "web" / "src").rglob("*words*.ts")))
SCREEN += (ROOT / "web" / "src" / "i18n" / "core.ts").read_text(encoding="utf-8")
# What is set in bold for its weight, and is no word of the screen.
EMPHASIS = {
    "fet stil", "Tre saker att minnas", "Meningen överst", "Larmen", "Patienterna", "Ljudet",
    "Mår du sämre: vänta inte. Tryck på knappen, eller ring ditt team. Vid livsfara, ring 112.",
}  # fmt: skip


@pytest.mark.parametrize("name", ["handbok-team.md", "handbok-patient.md"])
def test_words_in_bold_stand_on_the_screen(name: str) -> None:
    """Each word in bold is a text of the page, or the beginning of one that goes on with something filled in."""
    text = re.sub(r"\n>?\s*", " ", (ROOT / "docs" / name).read_text(encoding="utf-8"))
    bold = set(re.findall(r"\*\*(.+?)\*\*", text)) - EMPHASIS

    assert len(bold) > 15
    assert {each for each in bold if not any(f'"{each}{end}' in SCREEN for end in ('"', ": {", " {"))} == set()
    assert "112" in text
    assert "ingen godkänd medicinteknisk produkt" in text
