"""The waveform part of `docs/wire-format.md` against the code: its table is made anew, its example decoded."""

import re
from collections.abc import Callable
from pathlib import Path

import cbor2

from api.routes import waveforms as route
from ward import waveforms
from ward.formats import waveform
from ward.waveforms import WAVES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wire-format.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_table_of_waves_is_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The table names the leads and units of each kind as the code knows them."""
    rows = ["| kind | leads | units; stored in the first of its sort |", "|---|---|---|"]
    for wave in WAVES.values():
        leads, units = (" ".join(f"`{name}`" for name in names) for names in (wave.leads, wave.units))
        rows.append(f"| `{wave.kind}` | {leads} | {units} |")

    golden_table(PAGE, "waves", rows)


def test_example_block_is_accepted() -> None:
    """The block that the page shows is decoded."""
    (example,) = re.findall(r"^```cbor-diag\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    fields = {
        name: bytes.fromhex(value[2:-1]) if value.startswith("h'") else value.strip('"')
        for name, value in re.findall(r'"(\w+)": (h\'[0-9a-f]+\'|"[^"]+"|[\d.]+)', example)
    }
    numbers = {name: float(fields[name]) for name in ("fs_hz", "scale", "offset")}
    payload = cbor2.dumps({**fields, **numbers, "measured_at": int(fields["measured_at"])})
    decoded = waveform.decode(payload)

    assert not decoded.rejects
    assert [(block.count, block.scale) for block in decoded.blocks] == [(5, 0.00488)]


def test_limits_are_those_of_the_code() -> None:
    """The numbers of the page are the code's."""
    for number in (waveforms.MOST_SAMPLES, route.MOST_SAMPLES, route.MOST_DRAWN):
        assert f"{number:,} " in TEXT
    assert f"at most {waveforms.MOST_S} seconds" in TEXT
    assert f"{waveforms.LOWEST_FS_HZ:g} to {waveforms.HIGHEST_FS_HZ:,.0f}" in TEXT
