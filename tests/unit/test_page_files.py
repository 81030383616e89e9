"""The files of the page: packed for who takes it, and never for who does not."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import pages

SCRIPT = b"export const words = ['puls', 'andning'];\n" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page whose script has a packed copy, and whose picture has none."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "index.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "icon.png").write_bytes(b"png")
    return tmp_path


def got(built: Path, path: str, accepts: str) -> httpx.Response:
    """What a browser gets that accepts these encodings."""

    async def ask() -> httpx.Response:
        app = FastAPI()
        app.include_router(pages.router(built))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers={"accept-encoding": accepts})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
def test_script_is_packed_for_who_takes_it(built: Path, accepts: str, packed: bool) -> None:  # noqa: FBT001
    """The same script either way, as what it is, and a cache on the way is told that there are two."""
    answer = got(built, "/assets/index.js", accepts)

    assert answer.content == SCRIPT
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    assert (int(answer.headers["content-length"]) < len(SCRIPT)) is packed


def test_file_without_a_packed_copy_comes_as_it_is(built: Path) -> None:
    """Pictures, and addresses that only the page knows."""
    assert "content-encoding" not in got(built, "/icon.png", "gzip").headers
    assert got(built, "/patient/3", "gzip").text == "<!doctype html>"
