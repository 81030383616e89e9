"""A hook of MkDocs: the repository's own pages beside `docs/`, and links that lead nowhere outside the site.

The documents are written to be read in the repository, where a link may lead to any file. On the site such a link
becomes the file's name; a link to another page stays one. The invariant: what the site shows is what the files say.
"""

import posixpath
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parent.parent  # MkDocs runs this file by itself
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
"""Pages outside `docs/`, which the site has under `project/`."""
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```[\w-]+) .*$", re.MULTILINE)
_DROPPED = re.compile(r"[^\w\- ]")


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Name headings as the links of the documents do."""
    config.mdx_configs["toc"] = {"slugify": slug, "permalink": False}
    return config


def slug(heading: str, _separator: str) -> str:
    """Return a heading's anchor: lower case, no signs, a hyphen for each space."""
    return _DROPPED.sub("", unicodedata.normalize("NFC", heading).lower()).replace(" ", "-")


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages that are not in `docs/`."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - it is there where this runs

    for name in PAGES:
        content = (PROJECT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, f"project/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: "Page", **_: object) -> str:
    """Have a page's links lead to pages of the site, or be names."""
    return rehomed(markdown, page.file.src_uri)


def rehomed(markdown: str, at: str) -> str:
    """Return a page's text with links as the site has them; `at` is its place in the site."""
    home = at.removeprefix("project/") if at.startswith("project/") else f"docs/{at}"

    def link(found: re.Match[str]) -> str:
        picture, text, target = found.groups()
        if "://" in target or target.startswith(("#", "mailto:")):
            return found[0]
        path, _, anchor = target.partition("#")
        place = _in_site(posixpath.normpath(posixpath.join(posixpath.dirname(home), path)))
        if place is None:
            return text
        whole = posixpath.relpath(place, posixpath.dirname(at) or ".")
        return f"{picture}[{text}]({whole}{'#' if anchor else ''}{anchor})"

    return _LINK.sub(link, _FENCE.sub(r"\1", markdown))  # of a fence the site knows the language and no more


def _in_site(file: str) -> str | None:
    """Return where the site has a file of the repository, None where it has not."""
    if file in PAGES:
        return f"project/{file}"
    inside = file.startswith("docs/") and (PROJECT / file).is_file()
    return file.removeprefix("docs/") if inside else None
