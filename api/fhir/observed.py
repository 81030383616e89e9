"""What there is to observe, by its codes and categories: which of it a search asks for. Pure.

Every thing has a name of ours: a kind of vital sign, `blood_pressure`, `news2`, or a channel of a waveform (`ecg-I`).
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from api.fhir import outcome
from api.fhir.outcome import Refused
from api.fhir.search import Query
from api.fhir.values import Token
from ward.fhir import codes, wave_codes
from ward.fhir.displays import TERMINOLOGY
from ward.fhir.observations import NEWS2
from ward.vitals import VITALS, VitalKind
from ward.waveforms import WAVES, WaveKind

PANEL, SCORE = "blood_pressure", "news2"
Codings = tuple[tuple[str, str], ...]
_CATEGORY = f"{TERMINOLOGY}/observation-category"


def _channels() -> dict[str, tuple[WaveKind, str]]:
    return {f"{wave.kind}-{lead}": (wave.kind, lead) for wave in WAVES.values() for lead in wave.leads}


CHANNELS: MappingProxyType[str, tuple[WaveKind, str]] = MappingProxyType(_channels())


@cache
def table() -> Mapping[str, tuple[Codings, str]]:
    """Return the codes and the category of everything that can be observed."""
    kinds = {kind.value: (codes.kind_codings(kind), codes.CATEGORIES.get(kind, codes.VITAL_SIGNS)) for kind in VITALS}
    waves = {name: (tuple(wave_codes.codings(*each)), "procedure") for name, each in CHANNELS.items()}
    return {**kinds, PANEL: (codes.BLOOD_PRESSURE, codes.VITAL_SIGNS), SCORE: (NEWS2, "survey"), **waves}


def wanted(query: Query) -> frozenset[str]:
    """Return what a search asks for; without codes and categories everything but waveforms.

    Raises
    ------
    Refused
        If waveforms are asked for together with anything else.
    """
    by_code, by_category = query.tokens.get("code", ()), query.tokens.get("category", ())
    combined = query.tokens.get("combo-code", ())
    if not (by_code or by_category or combined):
        return frozenset(table()) - frozenset(CHANNELS)
    found = frozenset(
        name
        for name, (codings, category) in table().items()
        if all(_fits(codings, tokens) for tokens in by_code)
        and all(_fits(_parts(name, codings), tokens) for tokens in combined)
        and all(_fits(((_CATEGORY, category),), tokens) for tokens in by_category)
    )
    waves = found & frozenset(CHANNELS)
    if waves and waves != found:
        raise Refused(outcome.TWO_KINDS)
    return found


def _fits(codings: Codings, tokens: tuple[Token, ...]) -> bool:
    return any(token.is_of(*coding) for token in tokens for coding in codings)


def _parts(name: str, codings: Codings) -> Codings:
    """Return the codes of a thing and of its components."""
    if name != PANEL:
        return codings
    parts = (VitalKind.SYSTOLIC, VitalKind.DIASTOLIC, VitalKind.MEAN_PRESSURE)
    return (*codings, *(coding for part in parts for coding in codes.kind_codings(part)))
