"""The bill of materials (SBOM, CycloneDX 1.6): Python's packages as they are installed, and what the page is built of.

The invariant: it names what `constraints.txt` and `web/package-lock.json` name, with the versions that are there.
"""

import json
import re
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from onebox.environment import PROJECT
from ward.clock import SystemClock
from ward.errors import ConfigError

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)
_DASHES = re.compile(r"[-_.]+")
_CLASSIFIED = "License :: "
Component = dict[str, object]


def write(file: Path) -> int:
    """Write the bill to a file; return how many components it has.

    Raises
    ------
    ConfigError
        If the program's own lists are not beside it, or the file cannot be written.
    """
    found = [*_python(PROJECT / "constraints.txt"), *_page(PROJECT / "web" / "package-lock.json")]
    # A package may be installed in several places: once is enough, as a part of the page where it is that anywhere.
    components = {str(each["bom-ref"]): each for each in sorted(found, key=lambda each: "scope" not in each)}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": SystemClock().now().isoformat(timespec="seconds"),
            "component": _component("application", "hemvakt", _own_version(), "pkg:generic/hemvakt", "Apache-2.0"),
        },
        "components": [components[name] for name in sorted(components)],
    }
    try:
        file.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    return len(components)


def _python(pins: Path) -> Iterator[Component]:
    """Yield what is pinned and installed; what only an extra needs may not be, and then is no part of this program."""
    for name, _pinned in _PIN.findall(_read(pins)):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        plain = _DASHES.sub("-", name).lower()
        yield _component("library", plain, found.version, f"pkg:pypi/{plain}", _licence(found))


def _licence(found: metadata.Distribution) -> str:
    """Return the licence as its authors say it: an expression, else classifiers, else the first line of its text."""
    about = found.metadata
    if "License-Expression" in about:
        return str(about["License-Expression"])
    classified = [str(each) for each in about.get_all("Classifier") or () if str(each).startswith(_CLASSIFIED)]
    if classified:
        return ", ".join(each.rpartition(" :: ")[2] for each in classified)
    said = about["License"] if "License" in about else ""  # noqa: SIM401 - its type has no `get`
    return str(said).strip().partition("\n")[0][:100]


def _page(lock: Path) -> Iterator[Component]:
    """Yield what npm installs to build the page; what does not end in it is marked as excluded."""
    for place, each in json.loads(_read(lock))["packages"].items():
        if not place or "version" not in each:
            continue
        name = place.rpartition("node_modules/")[2]
        made = _component("library", name, each["version"], f"pkg:npm/{name.replace('@', '%40')}", each.get("license"))
        yield {**made, "scope": "excluded"} if each.get("dev") else made


def _component(kind: str, name: str, version: str, purl: str, licence: str | None) -> Component:
    """Return a component; a licence is given by its name, since not every author writes an SPDX expression."""
    whole = f"{purl}@{version}"
    made: Component = {"type": kind, "bom-ref": whole, "name": name, "version": version, "purl": whole}
    return {**made, "licenses": [{"license": {"name": licence}}]} if licence else made


def _own_version() -> str:
    found = re.search(r'^version = "([^"]+)"', _read(PROJECT / "pyproject.toml"), re.MULTILINE)
    return found[1] if found else "0"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read; the bill is made where the program's folder is.") from error
