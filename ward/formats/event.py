"""Events: JSON, one a message. Decode and encode side by side.

Not here: whose event it is, and whether its time may be right. The invariant: a message is one event or one reject; a
faulty call for help is both.
What does not belong to a kind is unknown to it and ignored: a pressed help button counts, whatever stands beside it.
"""

from types import MappingProxyType
from typing import Annotated

import msgspec

from ward.clock import EPOCH, from_us
from ward.events import MAX_ANSWER, MAX_ANSWERS, MAX_QUESTION, Answer, DeviceEvent, EventKind
from ward.formats import instants
from ward.formats.claims import UNREADABLE, Decoded, Fault, refused, too_large, unreadable
from ward.wire import Reason

CALLS = frozenset({EventKind.HELP_BUTTON, EventKind.FALL})
NO_NUL = "^[^\\x00]*$"  # jsonb cannot hold it


class WireAnswer(msgspec.Struct):
    """One answer as it stands in JSON."""

    question: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_QUESTION, pattern=NO_NUL)]
    answer: bool | float | Annotated[str, msgspec.Meta(max_length=MAX_ANSWER, pattern=NO_NUL)]


class WireEvent(msgspec.Struct, omit_defaults=True):
    """What every event has; `measured_at` is another name for `occurred_at`. Unknown fields are ignored."""

    kind: str
    occurred_at: int | str | None = None
    measured_at: int | str | None = None
    seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] | None = None


class WireFall(WireEvent):
    """A fall, and how sure the device is of it."""

    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class WireCheckIn(WireEvent, kw_only=True):
    """Answers to the questions of the device's `config`."""

    answers: Annotated[list[WireAnswer], msgspec.Meta(min_length=1, max_length=MAX_ANSWERS)]


FORMS: MappingProxyType[EventKind, type[WireEvent]] = MappingProxyType(
    {EventKind.HELP_BUTTON: WireEvent, EventKind.FALL: WireFall, EventKind.CHECK_IN: WireCheckIn}
)


class _Head(msgspec.Struct):
    kind: str


_head = msgspec.json.Decoder(_Head)
_DECODERS = {str(kind): msgspec.json.Decoder(form) for kind, form in FORMS.items()}


def decode(payload: bytes) -> Decoded:
    """Decode one event."""
    if (refusal := too_large(payload)) is not None:
        return refusal
    try:
        kind = _head.decode(payload).kind
    except UNREADABLE as error:
        return unreadable(payload, error)
    if kind not in _DECODERS:
        return refused(payload, Reason.UNKNOWN_KIND, f"event {kind[:40]!r}; expected one of {', '.join(EventKind)}")
    try:
        wired = _DECODERS[kind].decode(payload)
    except UNREADABLE as error:
        return _heard(kind, unreadable(payload, error))
    fault = _fault(wired)
    return _heard(kind, refused(payload, *fault)) if fault is not None else Decoded(payload, events=[_taken(wired)])


def _heard(kind: str, refusal: Decoded) -> Decoded:
    """Hear a call for help all the same, without a time that could be its own; the device is told what was wrong."""
    if kind in CALLS:
        refusal.events = [DeviceEvent(kind=EventKind(kind), occurred_at=EPOCH)]
    return refusal


def encode(event: DeviceEvent) -> bytes:
    """Encode one event."""
    wired: dict[str, object] = {"kind": str(event.kind), "occurred_at": event.occurred_at}
    if event.seq is not None:
        wired["seq"] = event.seq
    if event.confidence is not None:
        wired["confidence"] = event.confidence
    if event.answers:
        wired["answers"] = [{"question": each.question, "answer": each.answer} for each in event.answers]
    return msgspec.json.encode(wired)


def _fault(wired: WireEvent) -> Fault | None:
    times = {name: time for name in ("occurred_at", "measured_at") if (time := getattr(wired, name)) is not None}
    if not times:
        return Reason.BAD_FIELD, "an event needs occurred_at"
    for name, time in times.items():
        found_us = instants.one(time)
        if found_us < 0:
            return instants.refusal(time, found_us, name)
    if len({instants.one(time) for time in times.values()}) > 1:
        return Reason.BAD_FIELD, "occurred_at and measured_at are two names of one time, and differ"
    questions = [each.question for each in wired.answers] if isinstance(wired, WireCheckIn) else []
    if len(set(questions)) < len(questions):
        return Reason.BAD_FIELD, "a check_in answers each question once"
    return None


def _taken(wired: WireEvent) -> DeviceEvent:
    time = wired.measured_at if wired.occurred_at is None else wired.occurred_at
    answers = wired.answers if isinstance(wired, WireCheckIn) else []
    return DeviceEvent(
        kind=EventKind(wired.kind),
        occurred_at=from_us(instants.one(time)),
        seq=wired.seq,
        confidence=wired.confidence if isinstance(wired, WireFall) else None,
        answers=tuple(Answer(question=each.question, answer=each.answer) for each in answers),
    )
