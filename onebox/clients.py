"""The OpenAPI document as a file, and a Python client made from it. The page's own types: `npm run api` in web/."""

import subprocess
import sys
import tempfile
from pathlib import Path

from api import document
from api.app import create_app
from onebox import environment
from ward.errors import ConfigError
from ward.settings import Settings

_CONFIG = """\
project_name_override: hemvakt-client
package_name_override: hemvakt_client
post_hooks: []
content_type_overrides:
  application/pdf: application/octet-stream
"""


def openapi() -> str:
    """Return the document; no server and no store is needed for it."""
    return document.text(create_app(Settings(database_url="postgresql://nowhere")))


def write(file: Path) -> None:
    """Write the document."""
    file.write_text(openapi(), encoding="utf-8")


def python(folder: Path) -> None:
    """Make a Python client in a new folder.

    Raises
    ------
    ConfigError
        If the folder is there, or the generator refuses; the text ends with what it said.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already: name a folder that is not, or take it away first.")
    environment.ensure("client")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "openapi.json"
        write(source)
        config = Path(scratch) / "config.yml"
        config.write_text(_CONFIG, encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "setup"),
                *("--path", str(source), "--config", str(config), "--output-path", str(folder), "--fail-on-warning"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise ConfigError(f"The client could not be made:\n{tail}")
