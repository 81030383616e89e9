"""The accounts of a broker: who may connect with which password. One Protocol, and mosquitto's dynamic security.

What a device may publish and read is not here but in the broker's access list (`deploy/mosquitto.acl`): the plugin of
mosquitto 2.0 knows no pattern with the user's name, and a role for each device would double a file that the broker
writes anew, whole, at each change. So changes go in small batches, and between two of them the broker has as long
for the devices as the batch took. The first ten thousand accounts are better written by `ingest.broker_file`.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ingest.broker_accounts import Account, Act, Change
from ingest.broker_control import BrokerControl
from ward import log

_TOPIC = "$CONTROL/dynamic-security/v1"
_PAGE = 500
_STALL_S = 0.1  # about the time for which the broker may stand still
_ANSWER_S = 60.0
DEVICE_ACCOUNT = "Hemvakt device"
# Who has it may do nothing at all, also where a certificate lets them in without a password.
_CLOSED = "hemvakt-closed"
_BARRED = ("publishClientSend", "publishClientReceive", "subscribePattern")
# What the plugin knows nothing of is left to the access list. By default it lets everybody read everything.
LEFT_TO_THE_LIST = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The changes that a broker has made, and those that it refused."""

    made: list[Change] = field(default_factory=list)
    refused: list[Change] = field(default_factory=list)


class Access(Protocol):
    """A broker's accounts."""

    async def accounts(self) -> dict[str, Account]:
        """Return every account by its name."""

    async def apply(self, changes: Sequence[Change], *, for_s: float) -> Applied:
        """Make changes, in their order, at least one and for about so long; there may be more urgent ones then.

        Raises
        ------
        ConnectionError
            If the connection is lost; what was made is to be read anew.
        """


class _Role(msgspec.Struct):
    rolename: str


class _Client(msgspec.Struct):
    username: str
    textname: str = ""
    textdescription: str = ""
    disabled: bool = False
    roles: list["_Role"] = msgspec.field(default_factory=list)
    groups: list[msgspec.Raw] = msgspec.field(default_factory=list)


class _Page(msgspec.Struct):
    totalCount: int = 0  # noqa: N815 - the plugin's word
    clients: list[_Client] = msgspec.field(default_factory=list)


class _Answer(msgspec.Struct):
    command: str = ""
    error: str = ""
    correlationData: str = ""  # noqa: N815 - the plugin's word
    data: _Page | None = None


class _Answers(msgspec.Struct):
    responses: list[_Answer]


_answers = msgspec.json.Decoder(_Answers)


class DynamicSecurity:
    """The dynamic security plugin of mosquitto 2; make one with `opened`."""

    def __init__(self, control: BrokerControl) -> None:
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count()
        self._asked: dict[str, asyncio.Future[list[_Answer]]] = {}

    @classmethod
    async def opened(cls, control: BrokerControl) -> "DynamicSecurity":
        """Listen for the plugin's answers, and set what all devices have in common.

        Raises
        ------
        ConnectionError
            If the broker does not let us, or is lost.
        """
        made = cls(control)
        await control.listen(f"{_TOPIC}/response", made.hear)
        defaults = [{"acltype": kind, "allow": allowed} for kind, allowed in LEFT_TO_THE_LIST.items()]
        barred = [{"acltype": kind, "topic": "#", "allow": False} for kind in _BARRED]
        answers = await made._ask(
            [
                {"command": "setDefaultACLAccess", "acls": defaults},
                {"command": "createRole", "rolename": _CLOSED, "acls": barred},  # it may be there
            ]
        )
        if answers[0].error:
            raise ConnectionError(f"the broker does not take our rules: {answers[0].error}")
        return made

    async def accounts(self) -> dict[str, Account]:
        """Return every account, read in pages."""
        found: dict[str, Account] = {}
        offset, total = 0, 1
        while offset < total:
            answers = await self._ask([{"command": "listClients", "verbose": True, "count": _PAGE, "offset": offset}])
            answer = answers[0]
            if answer.data is None:
                raise ConnectionError(f"the broker does not list its accounts: {answer.error or 'no answer'}")
            found |= {each.username: _account(each) for each in answer.data.clients}
            total = answer.data.totalCount
            offset += _PAGE
        return found

    async def apply(self, changes: Sequence[Change], *, for_s: float) -> Applied:
        """Make changes, a few in a message, leaving the broker half of its time for the devices."""
        done = Applied()
        began_s = self._loop.time()
        at, at_once = 0, 1
        while at < len(changes) and self._loop.time() - began_s < for_s:
            batch = changes[at : at + at_once]
            asked_s = self._loop.time()
            await self._make(batch, done)
            took_s = max(self._loop.time() - asked_s, 0.001)
            at += len(batch)
            at_once = max(1, min(2 * at_once, int(len(batch) * _STALL_S / took_s)))
            if at < len(changes):
                await asyncio.sleep(took_s)
        return done

    async def _make(self, batch: Sequence[Change], done: Applied) -> None:
        commands = [_commands(change) for change in batch]
        answers = iter(await self._ask([command for each in commands for command in each]))
        for change, asked in zip(batch, commands, strict=True):
            errors = [answer.error for answer in itertools.islice(answers, len(asked)) if answer.error]
            if errors:
                log.get().error("broker_account_refused", device=change.name, act=change.act.name, why=errors[0])
                done.refused.append(change)
            else:
                done.made.append(change)

    async def _ask(self, commands: Sequence[dict[str, object]]) -> list[_Answer]:
        number = f"hemvakt-{id(self)}-{next(self._numbers)}"
        answered: asyncio.Future[list[_Answer]] = self._loop.create_future()
        self._asked[number] = answered
        asked = {"commands": [{**command, "correlationData": number} for command in commands]}
        try:
            async with asyncio.timeout(_ANSWER_S):
                if not await self._control.publish(_TOPIC, msgspec.json.encode(asked)):
                    raise ConnectionError(f"the broker does not let us publish to {_TOPIC}: is this the admin account?")
                return await self._or_lost(answered)
        finally:
            del self._asked[number]

    async def _or_lost(self, answered: "asyncio.Future[list[_Answer]]") -> list[_Answer]:
        losing = asyncio.ensure_future(self._control.lost.wait())
        both: set[asyncio.Future[Any]] = {answered, losing}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        losing.cancel()
        if not answered.done():
            raise ConnectionError("the broker's connection was lost")
        return answered.result()

    def hear(self, payload: bytes) -> None:
        """Take an answer of the plugin; everybody who listens gets everybody's."""
        try:
            answers = _answers.decode(payload).responses
        except msgspec.DecodeError as error:
            log.get().error("broker_answer_unreadable", error=str(error)[:200])
            return
        waiting = self._asked.get(answers[0].correlationData) if answers else None
        if waiting is not None and not waiting.done():
            waiting.set_result(answers)


def _account(client: _Client) -> Account:
    return Account(
        name=client.username,
        mark=client.textdescription if client.textname == DEVICE_ACCOUNT else None,
        open=not client.disabled and _CLOSED not in {role.rolename for role in client.roles},
        has_rights=bool(client.groups) or any(role.rolename != _CLOSED for role in client.roles),
    )


def _commands(change: Change) -> list[dict[str, object]]:
    """Return what the plugin is to do for a change; all of it may be done twice."""
    told = {"username": change.name}
    described = {"textname": DEVICE_ACCOUNT, "textdescription": change.mark}
    bar = {"roles": [{"rolename": _CLOSED}]}
    match change.act:
        case Act.CLOSE if change.mark is not None:
            return [{"command": "createClient", **told, **described, **bar}, {"command": "disableClient", **told}]
        case Act.CLOSE:
            return [{"command": "disableClient", **told}, {"command": "modifyClient", **told, **bar}]
        case Act.OPEN:
            return [{"command": "modifyClient", **told, "roles": []}, {"command": "enableClient", **told}]
        case Act.CREATE:
            return [{"command": "createClient", **told, **described, "password": change.secret}]
        case Act.NEW_SECRET:
            return [{"command": "modifyClient", **told, **described, "password": change.secret}]
