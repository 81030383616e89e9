"""Where an export is written: a folder or a ZIP file, that nobody else may read, under its name only when whole."""

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ward.errors import ConfigError

Write = Callable[[str], object]


@contextmanager
def sink(out: Path) -> Iterator["Folder | Archive"]:
    """Open an export: `.zip` gives a ZIP file, any other name a folder. What is not finished leaves nothing.

    Raises
    ------
    ConfigError
        If `out` is there already or cannot be written.
    """
    if out.exists():
        raise ConfigError(f"{out} is there already: choose another name.")
    part = out.with_name(f"{out.name}.part")
    try:
        _remove(part)
        with Archive(part) if out.suffix.lower() == ".zip" else Folder(part) as opened:
            yield opened
        part.rename(out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror or error}.") from error
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)


class Folder:
    """A folder, mode 0700."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._path.mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @contextmanager
    def file(self, name: str) -> Iterator[Write]:
        """Write one file, mode 0600."""
        descriptor = os.open(self._path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
            yield opened.write


class Archive:
    """A ZIP file, mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    @contextmanager
    def file(self, name: str) -> Iterator[Write]:
        """Write one file into the archive."""
        with self._zip.open(name, "w", force_zip64=True) as opened:
            yield lambda text: opened.write(text.encode())
