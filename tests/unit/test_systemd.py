"""The systemd units: systemd itself finds nothing wrong, commands and settings exist, and they may do little."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

import hemvakt
from ward.errors import ConfigError
from ward.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(path.name for path in FOLDER.glob("hemvakt-*.*") if path.is_file())
SERVICES = [name for name in UNITS if name.endswith(".service")]
COMMANDS: dict[str, Any] = typer.main.get_command(hemvakt.app).commands  # type: ignore[attr-defined] # it is a group
MOST_EXPOSED = 2.0


def _lines(name: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", (FOLDER / name).read_text(encoding="utf-8"), re.MULTILINE)


def _systemd(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SERVICES)
def test_unit_runs_a_command_that_exists(name: str) -> None:
    """Each unit's command and its flags are those of the command line, and it has its secrets from files."""
    (line,) = _lines(name, "ExecStart")
    program, command, *arguments = line.split()
    known = {flag for parameter in COMMANDS[command].params for flag in parameter.opts}

    assert program == "/opt/hemvakt/hemvakt"
    assert {each for each in arguments if each.startswith("-")} <= known
    assert _lines(name, "LoadCredential")[0].startswith("hemvakt:/etc/hemvakt/")


def test_unit_sets_only_settings_that_exist() -> None:
    """Variables of units and of the example file are settings, and none of them is a secret."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*") if path.is_file()]
    named = {name for text in texts for name in re.findall(r"^(?:Environment=)?HEMVAKT_(\w+)=", text, re.MULTILINE)}

    assert {"INSTANCE", "MQTT_HOST"} <= named
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    assert [name for name in named if re.search("PASSWORD|KEY$|TOKEN|SECRET|_URL$", name)] == []


def test_every_service_of_the_compose_file_has_a_unit() -> None:
    """What runs in containers runs under systemd too, with the backup and the fallback lists on timers."""
    commands = {_lines(name, "ExecStart")[0].split()[1] for name in SERVICES}

    assert commands == {"migrate", "ingest", "alerting", "backtest", "api", "backup", "fallback-list"}
    assert {name for name in UNITS if name.endswith(".timer")} == {
        "hemvakt-backup.timer",
        "hemvakt-fallback-list.timer",
    }


def test_refused_calls_to_the_kernel_do_not_kill() -> None:
    """What the filter refuses is answered with an error: the event loop asks for io_uring and goes on without it."""
    shared = (FOLDER / "hemvakt-.service.d" / "hardening.conf").read_text(encoding="utf-8")

    assert "\nSystemCallFilter=@system-service\n" in shared
    assert "\nSystemCallErrorNumber=EPERM\n" in shared


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_finds_nothing_wrong_and_little_exposed(tmp_path: Path) -> None:
    """Systemd reads every unit without a complaint, and calls what a service may reach little."""
    units = tmp_path / "units"
    shutil.copytree(FOLDER, units)
    for path in units.glob("*.service"):  # where the program is on this machine
        path.write_text(path.read_text(encoding="utf-8").replace("/opt/hemvakt/hemvakt ", f"{ROOT}/hemvakt "))
    paths = [str(units / name) for name in (*UNITS, "hemvakt.target")]
    done = _systemd("verify", "--man=no", *paths)
    services = [str(units / name) for name in SERVICES]
    judged = _systemd("security", "--offline=true", f"--threshold={round(MOST_EXPOSED * 10)}", *services)

    assert (done.returncode, done.stderr) == (0, "")
    assert judged.returncode == 0, judged.stdout[-2000:]


def test_secrets_come_from_systemd_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the folder that systemd makes is a setting; the environment wins over it."""
    (tmp_path / "hemvakt_database_url").write_text("postgresql://from-file/hemvakt\n")
    (tmp_path / "hemvakt_metrics_token").write_text("t" * 40)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("HEMVAKT_METRICS_TOKEN", "e" * 40)

    loaded = load()

    assert (loaded.database_url, loaded.metrics_token) == ("postgresql://from-file/hemvakt", "e" * 40)


def test_misnamed_credential_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that no setting reads is told like a misspelt variable."""
    (tmp_path / "hemvakt_databse_url").write_text("postgresql://x/y")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    with pytest.raises(ConfigError, match="HEMVAKT_DATABSE_URL: unknown; did you mean HEMVAKT_DATABASE_URL"):
        load()
