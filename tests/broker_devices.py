"""Devices whose secrets come from a key, as the tests of the broker's accounts use them."""

import hashlib

import psycopg

from ward.device_secrets import derive
from ward.store.broker import BrokerDevice

KEY = "0123456789abcdef0123456789abcdef"


def digest(secret: str) -> bytes:
    """Return what the store keeps of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def device(device_id: str, *, number: int = 1, revoked: bool = False) -> BrokerDevice:
    """Return a device whose secret is derived with `number`."""
    return BrokerDevice(
        device_id=device_id, secret_sha256=digest(derive(KEY, device_id, number)), revoked=revoked, config="{}"
    )


def enter(database_url: str, *names: str, config: str = "{}") -> None:
    """Enter devices with their first derived secrets into the store."""
    rows = [(name, digest(derive(KEY, name, 1)), config) for name in names]
    with psycopg.connect(database_url) as conn, conn.cursor() as cursor:
        cursor.executemany("insert into device (device_id, secret_sha256, config) values (%s, %s, %s)", rows)


def change(database_url: str, statement: str, *values: object) -> None:
    """Change the store as another service does."""
    with psycopg.connect(database_url) as conn:
        conn.execute(statement, values)
