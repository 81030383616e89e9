"""The supervisor goes on watching whatever becomes of one part, or of whoever reads what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onebox import machine
from onebox.environment import PROJECT
from onebox.supervisor import Part, Supervisor
from ward.errors import ConfigError


@pytest.fixture
def watching(tmp_path: Path) -> Supervisor:
    """A supervisor with one part that has died."""
    part = Part(name="part", arguments=["--help"], ready=lambda: True)
    part.child = subprocess.Popen([sys.executable, "-c", ""])
    part.child.wait()
    return Supervisor(data_dir=tmp_path, environment={}, parts=[part], say=lambda _text: None)


def test_part_that_cannot_be_started_is_tried_again(watching: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no process to give for a moment does not end the watch over the others."""
    part = watching.parts[0]

    def no_process(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", no_process)
        watching._look_after(part)
    assert part.due_at > 0

    part.due_at = 1e-9
    watching._look_after(part)
    assert part.child is not None
    part.child.kill()
    part.child.wait()
    assert part.due_at == 0


_SPEAKER = """
import sys
from rich.console import Console
from onebox import machine
machine._say(Console(), "the store ended; starting it again")
sys.stderr.write("still watching")
"""


def test_nobody_reading_does_not_end_the_watch() -> None:
    """What is said into a pipe that nobody reads is lost, and nothing else."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", _SPEAKER], cwd=PROJECT, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.stderr.startswith("still watching")


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A data folder under something that is no folder is refused in a sentence."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="--data-dir"):
        machine._prepare(tmp_path / "file" / "data", fresh=False)
