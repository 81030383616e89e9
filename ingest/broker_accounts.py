"""Which accounts a broker lacks, has wrong, or must close. Pure: what is wanted and what is there in, changes out.

An account that carries no mark of ours was made by a person: it is closed when its device is revoked, and otherwise
left alone. One with rights of its own (a role or a group: ingest, an administrator) is never touched, whatever a
device is called. A revoked device that has no account gets a closed one, since a broker that goes by certificates lets
in whom it does not know. Nothing is ever deleted: a store that is empty by mistake closes doors, it does not pull down
houses.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from ward import device_secrets
from ward.store.broker import BrokerDevice

NEVER_SET = "-"  # the mark of an account that has never had a secret


class Act(IntEnum):
    """What to do with an account; what cannot wait has the lower number."""

    CLOSE = 1
    NEW_SECRET = 2
    OPEN = 3
    CREATE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An account as it should be. `secret` is None when it cannot be told from what the store keeps."""

    name: str
    mark: str
    secret: str | None
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as a broker has it. `mark` says which secret it was given by us, None: not by us."""

    name: str
    mark: str | None
    open: bool
    has_rights: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing to do at the broker; `secret` where it sets one, `mark` where it sets one or makes the account."""

    act: Act
    name: str
    secret: str | None = None
    mark: str | None = None


def mark_of(secret_sha256: bytes) -> str:
    """Return what tells two secrets of a device apart without telling anything about either."""
    return hashlib.sha256(b"hemvakt account\0" + secret_sha256).hexdigest()[:32]


class Secrets:
    """The secrets that a key gives. Remembers only which number a digest has, so that each is looked for once."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._numbers: dict[tuple[str, bytes], int | None] = {}

    def of(self, device: BrokerDevice) -> str | None:
        """Return a device's secret; None when it does not come from this key."""
        if not self._key:
            return None
        known = (device.device_id, device.secret_sha256)
        if known not in self._numbers:
            self._numbers[known] = device_secrets.number_of(self._key, *known)
        number = self._numbers[known]
        return None if number is None else device_secrets.derive(self._key, device.device_id, number)


def wanted(device: BrokerDevice, secrets: Secrets) -> Wanted:
    """Return the account that a device should have."""
    return Wanted(
        name=device.device_id,
        mark=mark_of(device.secret_sha256),
        secret=None if device.revoked else secrets.of(device),
        open=not device.revoked,
    )


def changes(wants: Iterable[Wanted], have: Mapping[str, Account], *, own: str | None) -> list[Change]:
    """Return what brings the accounts that a broker has to those that are wanted, the urgent first.

    `own` is the name of ingest itself.
    """
    found: list[Change] = []
    strays = {name for name, account in have.items() if account.mark is not None and name != own}
    for want in wants:
        if want.name == own:
            continue
        strays.discard(want.name)
        found += _of_one(want, have.get(want.name))
    found += [Change(act=Act.CLOSE, name=name) for name in sorted(strays) if _may_close(have[name])]
    return sorted(found, key=lambda change: change.act)


def _of_one(want: Wanted, account: Account | None) -> list[Change]:
    if account is None:
        if not want.open:
            return [Change(act=Act.CLOSE, name=want.name, mark=NEVER_SET)]
        create = Change(act=Act.CREATE, name=want.name, secret=want.secret, mark=want.mark)
        return [create] if want.secret is not None else []
    if account.has_rights:
        return []
    # Where another secret is in force that we cannot tell, at least the old one must not work.
    superseded = account.mark not in {None, NEVER_SET, want.mark} and want.secret is None
    if not want.open or superseded:
        return [Change(act=Act.CLOSE, name=want.name)] if account.open else []
    found = []
    if account.mark != want.mark and want.secret is not None:
        found.append(Change(act=Act.NEW_SECRET, name=want.name, secret=want.secret, mark=want.mark))
    if not account.open and (found or account.mark is not None):
        found.append(Change(act=Act.OPEN, name=want.name))
    return found


def _may_close(account: Account) -> bool:
    return account.open and not account.has_rights


def after(change: Change, have: dict[str, Account]) -> None:
    """Write into `have` what a change that the broker has made came to."""
    before = have.get(change.name)
    have[change.name] = Account(
        name=change.name,
        mark=before.mark if change.mark is None and before is not None else change.mark,
        open=change.act is not Act.CLOSE and (change.act is not Act.NEW_SECRET or before is None or before.open),
        has_rights=False,
    )
