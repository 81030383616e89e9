"""What a request says about the state it was made for: the revision that was seen, the key that makes it repeatable."""

import hashlib
import json
from http import HTTPStatus
from typing import Annotated

from fastapi import Header
from pydantic import AfterValidator, BaseModel, Field

from api.errors import Problem
from api.reasons import Reason
from ward.access.principals import Principal
from ward.store.idempotency import Key

_LARGEST_REV = (1 << 31) - 1

IfMatch = Annotated[str | None, Header(alias="If-Match", description='The revision that was seen, as `"4"`')]


def _visible(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("a key is made of visible ASCII characters")
    return text


IdempotencyKey = Annotated[
    Annotated[str, AfterValidator(_visible), Field(min_length=1, max_length=200)] | None,
    Header(alias="Idempotency-Key", description="Drawn by the sender; the same request with it creates nothing again"),
]

ForAccount = Annotated[
    Annotated[int, Field(ge=1, le=(1 << 63) - 1)] | None,
    Header(alias="For-Account", description="Whose entry it is: refused with 412 where somebody else is logged in now"),
]


def same_account(wanted: int | None, principal: Principal) -> None:
    """Refuse what was written by one account and is sent by another: a page may send long after it was filled in.

    Raises
    ------
    Problem
        412 where the two differ.
    """
    if wanted is not None and wanted != principal.account_id:
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "This was written by somebody else than who is logged in now.",
            reason=Reason.ANOTHER_ACCOUNT,
        )


def revision(if_match: str | None) -> int:
    """Return the revision that a request was made for.

    Raises
    ------
    Problem
        428 where there is none, 422 where it is no revision.
    """
    if if_match is None:
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, 'Say which revision you saw, as If-Match: "4".')
    text = if_match.strip()
    digits = text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10 and int(digits) <= _LARGEST_REV):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, 'If-Match is a revision, as "4".')
    return int(digits)


def idempotency(key: str | None, principal: Principal, path: str, body: BaseModel) -> Key | None:
    """Return what the store keeps of a key and the request that it stands for; None where no key was sent."""
    if key is None:
        return None
    whole = json.dumps([path, body.model_dump(mode="json")]).encode()
    return Key(account_id=principal.account_id, key=key, request_sha256=hashlib.sha256(whole).digest())


def key_reused() -> Problem:
    """Return the answer to a key that stands for another request already."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key was sent with another request before.")
