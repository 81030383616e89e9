"""The shell wrapper: it finds its own folder however it is called, and never leaves a half-made environment."""

import shutil
import subprocess
from pathlib import Path

import pytest

from onebox.environment import PROJECT

# Stands for the Python of an environment: says yes to questions, and names the script that it is to run.
_PYTHON = """\
#!/bin/sh
if [ "$1" = -c ]; then case $2 in *pip*) exit {pip} ;; esac; exit 0; fi
case $1 in *environment.py) exit 0 ;; esac
for each in "$@"; do echo "$each"; done
"""
# Stands for the system's Python: makes an environment whose pip works.
_SYSTEM = """\
#!/bin/sh
if [ "$1" = -c ]; then exit 0; fi
if [ "$1" = -m ]; then sed 's/exit 1/exit 0/' "$3/bin/python" > "$3/bin/new" && chmod 755 "$3/bin/new"; fi
mv "$3/bin/new" "$3/bin/python"
"""


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name that holds the wrapper and an environment."""
    folder = tmp_path / "en mapp"
    _script(folder / ".venv/bin/python", _PYTHON.format(pip=0))
    shutil.copy(PROJECT / "hemvakt", folder / "hemvakt")
    return folder


def _ran(command: list[str | Path], cwd: Path, **variables: str) -> list[str]:
    environment = {"PATH": "/usr/bin:/bin", **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_wrapper_finds_its_folder_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    """By its path, by a name in its folder, by links to links, and whatever CDPATH says."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/first").symlink_to(checkout / "hemvakt")
    (tmp_path / "bin/hemvakt").symlink_to("first")
    wanted = [str(checkout.resolve() / "hemvakt.py"), "a b", "*"]

    assert _ran([checkout / "hemvakt", "a b", "*"], tmp_path) == wanted
    assert _ran(["sh", "hemvakt", "a b", "*"], checkout, CDPATH=str(tmp_path)) == wanted
    assert _ran(["./bin/hemvakt", "a b", "*"], tmp_path) == wanted


def test_half_made_environment_is_made_again(checkout: Path, tmp_path: Path) -> None:
    """An environment whose making was interrupted before it had a pip does not stay that way."""
    _script(checkout / ".venv/bin/python", _PYTHON.format(pip=1))
    system = _script(tmp_path / "python", _SYSTEM)

    assert _ran([checkout / "hemvakt"], tmp_path, HEMVAKT_PYTHON=str(system)) == [
        str(checkout.resolve() / "hemvakt.py")
    ]
    assert "exit 1" not in (checkout / ".venv/bin/python").read_text()
