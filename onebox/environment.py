"""The project's own environment: install what is pinned, once, and again when the pins change.

Runs before any package is there, so it uses the standard library alone. Without a network it does nothing
as long as nothing has changed.
"""

import hashlib
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def ensure(extra: str | None = None) -> None:
    """Install the project's dependencies, or those of `extra`, if this has not been done for the present pins.

    Raises
    ------
    SystemExit
        If they cannot be installed; what to do has been printed.
    """
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    constraints = PROJECT / "constraints.txt"
    facts = [sys.version, sys.prefix, *wanted, constraints.read_text(encoding="utf-8")]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    stamp = Path(sys.prefix) / f".hemvakt-{extra or 'base'}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    print(f"Installing {extra or 'the'} packages (once) ...", file=sys.stderr, flush=True)  # noqa: T201
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*pip, "--constraint", str(constraints), *wanted], check=False)
    if done.returncode != 0:
        print(  # noqa: T201
            "The packages could not be installed; the reason stands above. The first run needs a network "
            "(or a local package index set for pip); later runs do not.",
            file=sys.stderr,
        )
        raise SystemExit(1)
    stamp.write_text(digest, encoding="utf-8")


if __name__ == "__main__":
    ensure(sys.argv[1] if len(sys.argv) > 1 else None)
