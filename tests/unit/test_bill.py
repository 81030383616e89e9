"""The bill of materials: judged by CycloneDX' own schema, and whole."""

import json
import re
import tomllib
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from onebox import bill

ROOT = Path(__file__).resolve().parents[2]


def test_bill_is_valid_and_names_everything_that_is_pinned_and_installed(tmp_path: Path) -> None:
    """CycloneDX' strict schema takes it; what we depend on at all is in it, once, with version and licence."""
    file = tmp_path / "bill.json"
    count = bill.write(file)
    text = file.read_text(encoding="utf-8")
    components = {each["purl"]: each for each in json.loads(text)["components"]}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = [re.split(r"[^A-Za-z0-9-]", each)[0] for each in tomllib.loads(project)["project"]["dependencies"]]
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    page = {(place.rpartition("node_modules/")[2], each["version"]) for place, each in lock.items() if place}

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert len(components) == count
    assert {name for name in needed if not any(f"/{name}@" in purl for purl in components)} == set()
    assert sum(purl.startswith("pkg:npm/") for purl in components) == len(page)
    assert components[f"pkg:pypi/reportlab@{_version('reportlab')}"]["licenses"]


def test_nothing_is_imported_whose_licence_would_bind_us(tmp_path: Path) -> None:
    """Every package says its licence; none is GPL, AGPL or SSPL, and LGPL is the driver of PostgreSQL alone."""
    file = tmp_path / "bill.json"
    bill.write(file)
    components = json.loads(file.read_text(encoding="utf-8"))["components"]
    licences = {
        each["name"]: " ".join(said["license"]["name"] for said in each.get("licenses", ())) for each in components
    }

    assert {name for name, said in licences.items() if not said.strip()} == set()
    assert {name for name, said in licences.items() if re.search(r"(?<!L)GPL|General Public|SSPL", said)} == set()
    assert {name for name, said in licences.items() if "LGPL" in said} == {"psycopg", "psycopg-binary", "psycopg-pool"}


def _version(name: str) -> str:
    found = re.search(rf"^{name}==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]
