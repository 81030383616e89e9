"""Writes mosquitto's dynamic security file with an account for each device, while the broker does not run.

Told one by one, ten thousand accounts take a broker long minutes, since it writes its whole file at each. Written into
the file that `mosquitto_ctrl dynsec init` has made they take seconds, and the keeper finds nothing left to do. What is
in the file already stays: an account is only ever added.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ingest import broker_accounts
from ingest.broker_access import DEVICE_ACCOUNT, LEFT_TO_THE_LIST
from ingest.broker_accounts import Secrets, Wanted
from ward.errors import ConfigError
from ward.settings import Settings
from ward.store import broker
from ward.store.pool import reach

_ITERATIONS = 101  # the plugin's own; a secret of 192 bits needs no stretching
_SALT_BYTES = 12


class _Accounts(msgspec.Struct):
    """What is looked at in the file."""

    clients: list[dict[str, object]]


async def wanted(settings: Settings) -> list[Wanted]:
    """Return the accounts that the devices of the store should have.

    Raises
    ------
    ConfigError
        If there is no key to derive secrets from.
    StoreUnavailable
        If the store does not answer.
    """
    if not settings.device_key:
        raise ConfigError("HEMVAKT_DEVICE_KEY: must be set; without it nobody knows the devices' secrets")
    conn = await reach(settings.database_url, "broker-accounts")
    async with conn:
        found = await broker.devices(conn)
    known = Secrets(settings.device_key)
    return [broker_accounts.wanted(device, known) for device in found]


def add(path: Path, wants: Iterable[Wanted]) -> int:
    """Add the accounts that a file lacks, and return how many these were.

    Raises
    ------
    ConfigError
        If the file is none of the plugin's, or cannot be written.
    """
    try:
        content, added = filled(path.read_bytes(), wants)
        path.write_bytes(content)  # in place: it keeps its owner and its mode
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    return added


def filled(content: bytes, wants: Iterable[Wanted]) -> tuple[bytes, int]:
    """Return the file with the accounts that it lacks, and how many these are.

    Raises
    ------
    ConfigError
        If the file is none of the plugin's.
    """
    try:
        clients = msgspec.json.decode(content, type=_Accounts).clients
        whole = msgspec.json.decode(content, type=dict[str, object])
        there = {str(client["username"]) for client in clients}
    except (msgspec.DecodeError, KeyError) as error:
        raise ConfigError(f"no file that mosquitto_ctrl dynsec init has made: {error}") from error
    new = [_account(want, want.secret) for want in wants if want.open and want.secret and want.name not in there]
    made = {**whole, "defaultACLAccess": LEFT_TO_THE_LIST, "clients": [*clients, *new]}
    return msgspec.json.format(msgspec.json.encode(made), indent=1), len(new)


def _account(want: Wanted, secret: str) -> dict[str, object]:
    salt = secrets.token_bytes(_SALT_BYTES)
    hashed = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS)
    return {
        "username": want.name,
        "textname": DEVICE_ACCOUNT,
        "textdescription": want.mark,
        "roles": [],
        "password": base64.b64encode(hashed).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }
