"""JSON answers, and the cursors of lists. Times go out as RFC 3339 UTC."""

import base64
import binascii
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import orjson
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema
from starlette.responses import Response

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_LARGEST_ID = (1 << 63) - 1


def encode(content: object) -> bytes:
    """Return `content` as JSON; aware times become RFC 3339 with Z."""
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def reply(content: object, *, headers: Mapping[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a JSON answer."""
    return Response(encode(content), status.value, headers=dict(headers or {}), media_type="application/json")


def cursor_after(last_id: int) -> str:
    """Return the opaque cursor of the page that follows an id."""
    return base64.urlsafe_b64encode(last_id.to_bytes(8)).decode().rstrip("=")


def _cursor(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a cursor that this list has given") from error
    if len(raw) != 8:
        raise ValueError("not a cursor that this list has given")
    return int.from_bytes(raw)


def _digits(text: object) -> object:
    if isinstance(text, bool) or (
        isinstance(text, str) and not (text.isascii() and text.isdecimal() and len(text) < 20)
    ):
        raise ValueError("an id is a whole number")
    return text


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("may not hold the character NUL")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Text that the store can keep."""

DeviceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A device's id, as it stands in its topics."""

Reason = Annotated[str, AfterValidator(_storable), Field(min_length=3, max_length=500, pattern=r"\S")]
"""Why somebody does something, for the audit. Never a name, a personal number or a vital value."""

Id = Annotated[int, Field(ge=1, le=_LARGEST_ID), BeforeValidator(_digits)]
"""An id in a path or a query: decimal digits, nothing else."""


def _rfc3339(text: object) -> object:
    if isinstance(text, str) and _INSTANT.fullmatch(text) is None:
        raise ValueError("a time is written as RFC 3339, with its offset: 2026-11-21T10:00:00Z")
    if isinstance(text, int | float):
        raise ValueError("a time is a text")  # noqa: TRY004 - pydantic takes a ValueError
    return text


Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
"""An instant as RFC 3339 with its offset; numbers and dates alone are refused."""

Cursor = Annotated[
    int,
    Field(ge=0, le=_LARGEST_ID),
    BeforeValidator(_cursor),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9_-]{11}$"}),
]
"""A cursor of `cursor_after`, taken apart again."""
