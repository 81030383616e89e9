"""The documents as a site: built without a warning, nothing from elsewhere, and every page in the reading order."""

import re
from pathlib import Path

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config

from onebox import docs_site

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FETCHED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=\"((?:https?:)?//[^\"]+)\"")


def test_site_is_built_without_a_broken_link_and_asks_no_other_host(tmp_path: Path) -> None:
    """MkDocs' strict mode is content: pages, anchors, pictures are there; no page fetches anything from elsewhere."""
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(tmp_path)))
    pages = {
        path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")
    }

    assert {"index.html", "operating.html", "privacy.html", "project/index.html"} <= set(pages)
    assert {page: found for page, text in pages.items() if (found := _FETCHED.findall(text))} == {}
    assert 'id="receipts-mqtt-5"' in pages["wire-format.html"]


def test_every_document_has_its_reader() -> None:
    """Each page of `docs/` is in the reading order and in the site's menu."""
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    menu = yaml.safe_dump(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])

    assert {page for page in pages if f"]({page})" not in index} == set()
    assert {page for page in pages if page not in menu} == set()


@pytest.mark.parametrize(
    ("at", "written", "shown"),
    [
        ("operating.md", "[the README](../README.md#run-it)", "[the README](project/README.md#run-it)"),
        ("project/README.md", "![board](docs/board.png)", "![board](../board.png)"),
        ("decisions/0016-waveforms.md", "[x](../../ward/wire.py)", "x"),
        ("safety.md", "[one](../docs/operating.md)", "[one](operating.md)"),
        ("fhir.md", "[out](https://example.org/a)", "[out](https://example.org/a)"),
        ("wire-format.md", "```json vitals\n{}\n```", "```json\n{}\n```"),
    ],
)
def test_link_leads_to_a_page_of_the_site_or_is_a_name(at: str, written: str, shown: str) -> None:
    """What the site has is linked where it stands there; what it has not keeps its name alone."""
    assert docs_site.rehomed(written, at) == shown
