"""Swedish identifiers of people in FHIR: which systems name them, and how a number in a search is read.

Both spellings of a system are read, the OID and the URI of the Swedish base profiles; only the URI is written. The
invariant: what might be a personal number is recognised as one however it is spelled, so that it never has to stand in
an address.
"""

import re
from types import MappingProxyType

from ward.fhir.codes import OWN, Resource

_BASE = "http://electronichealth.se/identifier"
PERSONNUMMER, SAMORDNINGSNUMMER = f"{_BASE}/personnummer", f"{_BASE}/samordningsnummer"
RESERVNUMMER, LMA = f"{_BASE}/nationelltReservnummer", f"{_BASE}/LMA-nummer"
OWN_PATIENT = f"{OWN}/patient"
HSA_ID = "urn:oid:1.2.752.29.4.19"
# OIDs that stand for the same systems, as RFC 3061 writes them and bare.
_OIDS: MappingProxyType[str, str] = MappingProxyType(
    {"1.2.752.129.2.1.3.1": PERSONNUMMER, "1.2.752.129.2.1.3.3": SAMORDNINGSNUMMER}
)
_PERSONAL = frozenset({PERSONNUMMER, SAMORDNINGSNUMMER, RESERVNUMMER, LMA})
_NUMBER = re.compile(r"(?:[0-9]{2})?[0-9]{6}[-+ ]?[0-9A-Za-z]{2}[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{8}[0-9A-Z]{2}[0-9]{2}")
_COORDINATION_DAY = 60


def personal_identifier(number: str) -> Resource:
    """Return a personal number as an identifier: personnummer, samordningsnummer, or nationellt reservnummer."""
    return {"system": _system_of(number), "value": number}


def _system_of(number: str) -> str:
    if not number.isdigit():
        return RESERVNUMMER
    return SAMORDNINGSNUMMER if int(number[6:8]) > _COORDINATION_DAY else PERSONNUMMER


def canonical(system: str) -> str:
    """Return the URI of a system that may be named by its OID."""
    return _OIDS.get(system.removeprefix("urn:oid:"), system)


def is_personal(system: str | None, value: str) -> bool:
    """Tell whether a searched identifier is, or may be, somebody's personal number.

    A number whose system is not said, or is one that we do not know, is judged by its form.
    """
    if system is not None and canonical(system) in _PERSONAL:
        return True
    known = system is not None and system.startswith(OWN)
    return not known and _NUMBER.fullmatch(value.strip()) is not None


def personal_number(system: str | None, value: str) -> str | None:
    """Return the twelve characters that the store keeps; None where it is no such number, or one of another system.

    Examples
    --------
    >>> personal_number("urn:oid:1.2.752.129.2.1.3.1", "19400101-9801")
    '194001019801'
    """
    plain = value.strip().replace("-", "").replace("+", "").replace(" ", "").upper()
    if _WHOLE.fullmatch(plain) is None:
        return None
    return plain if system is None or canonical(system) == _system_of(plain) else None
