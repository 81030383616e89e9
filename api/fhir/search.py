"""A FHIR search as a value: which parameters a type knows, and what somebody asks for with them. Pure.

The invariant: a parameter is understood, or refused, or named as ignored; none is passed over in silence.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from api.fhir import outcome, values
from api.fhir.outcome import Outcome, Refused
from api.fhir.values import Times, Token
from ward.fhir.codes import Resource
from ward.fhir.identifiers import is_personal

COUNT = 100
MOST = 1000
_MOST_IDS = 100
_LONGEST = 4000
_LARGEST = 1 << 62


class Form(StrEnum):
    """What a parameter's value is; the words are those of the CapabilityStatement."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    REFERENCE = "reference"
    DATE = "date"


class Order(StrEnum):
    """Which comes first."""

    NEWEST = "newest"
    OLDEST = "oldest"


class Summary(StrEnum):
    """How much of what is found is told."""

    FALSE = "false"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A search parameter of a type. `target` is what a reference leads to, `alias` another name of the parameter.

    A reference may lead to one of several types: `others`; the type is then named. One with `identifiers` is also found
    by those of what it leads to (`:identifier`), and where it has no `target` by these alone.
    """

    name: str
    form: Form
    about: str
    target: str = ""
    alias: str = ""
    others: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    """The systems of identifiers that what is referred to has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A resource type as it is served; `includes` are parameters, with the element that holds the reference.

    `dated` is the parameter by which `_sort` puts in order, "" where the order is that of the ids alone.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    includes: Mapping[str, str] = field(default_factory=dict)
    dated: str = ""
    most: int = MOST
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for. `after` is where the page before ended, as its finder wrote it."""

    kind: str
    ids: tuple[str, ...] | None = None
    tokens: Mapping[str, tuple[tuple[Token, ...], ...]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Times] = field(default_factory=dict)
    count: int = COUNT
    order: Order = Order.NEWEST
    after: tuple[int, ...] = ()
    includes: tuple[str, ...] = ()
    summary: Summary = Summary.FALSE

    def one_of(self, name: str) -> tuple[Token, ...] | None:
        """Return the tokens of a parameter that is given once; None where it is not given."""
        given = self.tokens.get(name)
        return None if given is None else given[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was found: resources in order, and where the next page goes on (empty: there is none)."""

    resources: Sequence[Resource]
    after: tuple[int, ...] = ()
    total: int | None = None


NOTHING = Page(resources=(), total=0)
_ID = Parameter(name="_id", form=Form.TOKEN, about="One of these ids, with commas between them.")
_TOLD = frozenset({"_format", "_pretty"})  # read by the shell
_REPEATED = frozenset({"code", "category"})


def common(kind: Kind) -> tuple[Parameter, ...]:
    """Return every parameter of a type, the ids among them."""
    return (_ID, *kind.parameters)


Given = Sequence[tuple[str, str]]
"""Parameters as they were sent: names and values, in order."""


class Handling(StrEnum):
    """What becomes of parameters that are not known: FHIR's `Prefer: handling=…`."""

    STRICT = "strict"
    LENIENT = "lenient"


def read(kind: Kind, in_address: Given, in_body: Given, handling: Handling) -> tuple[Query, list[Outcome]]:
    """Read a search; the outcomes are what was ignored.

    Raises
    ------
    Refused
        If a value cannot be used, a modifier is not known, a personal number stands in the address, or, where handling
        is strict, a parameter is not known.
    """
    for name, value in in_address:
        if name.partition(":")[0] == "identifier" and _is_personal(value):
            raise Refused(outcome.PERSONAL_IN_ADDRESS)
    reading = _Reading(kind)
    unknown = [name for name, value in (*in_address, *in_body) if value and not reading.take(name, value)]
    ignored = [outcome.unknown_parameter(name) for name in dict.fromkeys(unknown)]
    if ignored and handling is Handling.STRICT:
        raise Refused(*ignored)
    return reading.query(), [outcome.ignored(each) for each in ignored]


def _is_personal(text: str) -> bool:
    return any(is_personal(each.system, each.value) for each in values.tokens("identifier", text))


class _Reading:
    """One search, parameter by parameter."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._known = {name: each for each in common(kind) for name in (each.name, each.alias) if name}
        self._query: dict[str, object] = {}
        self._tokens: dict[str, tuple[tuple[Token, ...], ...]] = {}
        self._references: dict[str, str] = {}
        self._times: dict[str, Times] = {}
        self._includes: tuple[str, ...] = ()

    def take(self, name: str, text: str) -> bool:
        """Take a parameter; false where it is not known."""
        if len(text) > _LONGEST:
            raise Refused(outcome.bad_parameter(name, f"A value has at most {_LONGEST} characters."))
        if not text.isprintable():
            raise Refused(outcome.bad_parameter(name, "A value holds no control characters."))
        if name in _TOLD:
            return True
        base, _, modifier = name.partition(":")
        if (control := _CONTROLS.get(base)) is not None and not modifier:
            control(self, name, text)
            return True
        parameter = self._known.get(base)
        if parameter is None:
            return False
        if modifier == "identifier" and parameter.identifiers:
            self._identified(parameter, text)
        elif modifier and modifier not in (parameter.target, *parameter.others):
            raise Refused(outcome.bad_parameter(name, "The modifier is not supported."))
        else:
            self._read(parameter, f"{modifier}/{text}" if modifier and "/" not in text else text)
        return True

    def _identified(self, parameter: Parameter, text: str) -> None:
        """Take a reference by an identifier of what it leads to; one of another system fits nothing."""
        found = values.token(parameter.name, text)
        if self._tokens.setdefault(parameter.name, ((found,),)) != ((found,),):
            raise Refused(outcome.bad_parameter(parameter.name, "It is given twice, and differs."))

    def _read(self, parameter: Parameter, text: str) -> None:
        name = parameter.name
        if parameter.form is Form.DATE:
            given = values.times(name, text)
            self._times[name] = self._times[name].and_also(given) if name in self._times else given
        elif parameter.form is Form.REFERENCE:
            if not parameter.target:
                raise Refused(outcome.bad_parameter(name, f"Say {name}:identifier=system|value."))
            found = values.reference(name, text, parameter.target, *parameter.others)
            if self._references.setdefault(name, found) != found:
                raise Refused(outcome.bad_parameter(name, "It is given twice, and differs."))
        else:
            tokens = values.tokens(name, text)
            if name == "_id" and len(tokens) > _MOST_IDS:
                raise Refused(outcome.bad_parameter(name, f"At most {_MOST_IDS} at once."))
            if name in self._tokens and name not in _REPEATED:
                raise Refused(outcome.bad_parameter(name, "It is given twice; put commas between values."))
            self._tokens[name] = (*self._tokens.get(name, ()), tokens)

    def _count(self, name: str, text: str) -> None:
        count = values.number(name, text, 0, self._kind.most)
        self._query |= {"count": count} if count else {"summary": Summary.COUNT}

    def _sort(self, name: str, text: str) -> None:
        column = text.removeprefix("-")
        if column != (self._kind.dated or "_id"):
            raise Refused(outcome.bad_parameter(name, f"Sorted is by {self._kind.dated or '_id'} alone."))
        self._query["order"] = Order.NEWEST if text.startswith("-") else Order.OLDEST

    def _include(self, name: str, text: str) -> None:
        source, _, parameter = text.partition(":")
        parameter = {each.alias: each.name for each in self._kind.parameters}.get(parameter, parameter)
        if source != self._kind.name or parameter not in self._kind.includes:
            offered = ", ".join(f"{self._kind.name}:{each}" for each in self._kind.includes) or "nothing"
            raise Refused(outcome.bad_parameter(name, f"Included can be {offered}."))
        self._includes = (*self._includes, parameter)

    def _summary(self, name: str, text: str) -> None:
        if text not in set(Summary):
            raise Refused(outcome.bad_parameter(name, "Supported are false and count."))
        self._query["summary"] = Summary(text)

    def _cursor(self, name: str, text: str) -> None:
        self._query["after"] = place_of(name, text)

    def query(self) -> Query:
        """Return what all of them come to."""
        ids = self._tokens.pop("_id", None)
        return Query(
            kind=self._kind.name,
            ids=None if ids is None else tuple(values.identity("_id", each.value) for each in ids[0]),
            tokens=self._tokens,
            references=self._references,
            times=self._times,
            includes=tuple(dict.fromkeys(self._includes)),
            **self._query,  # type: ignore[arg-type] # each is of the field that it is named after
        )


_CONTROLS = {
    "_count": _Reading._count,  # noqa: SLF001 - the table of this module's own class
    "_sort": _Reading._sort,  # noqa: SLF001
    "_include": _Reading._include,  # noqa: SLF001
    "_summary": _Reading._summary,  # noqa: SLF001
    "_cursor": _Reading._cursor,  # noqa: SLF001
}


def cursor(place: Sequence[int]) -> str:
    """Return the opaque text of where a page ends."""
    return base64.urlsafe_b64encode(json.dumps(list(place), separators=(",", ":")).encode()).decode().rstrip("=")


def place_of(name: str, text: str) -> tuple[int, ...]:
    """Take the text of `cursor` apart."""
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Refused(outcome.bad_parameter(name, "That is no cursor of this list.")) from error
    numbers = isinstance(found, list) and 1 <= len(found) <= 5
    if not numbers or not all(type(each) is int and 0 <= each < _LARGEST for each in found):
        raise Refused(outcome.bad_parameter(name, "That is no cursor of this list."))
    return tuple(found)
