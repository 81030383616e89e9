"""What an alert says, whole: its template filled, and what was not new when it was judged. Swedish and English.

Pure; brings no numpy. Ages are written as screens write them: 4 min, 2 h 10 min, 3 d. Not here: the templates
(`words`), which inputs were old (`ward.evidence`). The invariant: what is said of an age is of when it was judged, so
the same sentence is read a year later.
"""

from datetime import datetime

from alerting import words
from alerting.words import KINDS, Language, Pair
from ward import evidence as kept
from ward.alerts import Evidence

_OLD: Pair = ("; inte nya mätvärden: {values}", "; readings that were not new: {values}")
_LATE: Pair = ("; kom fram efter {age}", "; arrived after {age}")
# What people ask for is told in words of its own where it took so long to arrive.
LATE_S = 120.0
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_WHOLE_HOURS_S, _DAYS_S = 6 * _HOUR_S, 2 * _DAY_S


def sentence(evidence: Evidence, lang: Language) -> str:
    """Return what an alert says.

    Raises
    ------
    KeyError
        If there are no words for it, or a parameter that they need is missing.
    ValueError
        If a parameter is none that the words can tell.
    """
    side = 0 if lang == "sv" else 1
    said = words.text(evidence.text_key, evidence.params, lang)
    old = ", ".join(f"{KINDS[each.kind][side]} {age(age_s)}" for each, age_s in kept.old(evidence))
    late_s = _late_s(evidence)
    return (
        said
        + (_OLD[side].format(values=old) if old else "")
        + (_LATE[side].format(age=age(late_s)) if late_s >= LATE_S else "")
    )


def age(seconds: float) -> str:
    """Write an age in its largest fitting unit."""
    whole = int(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min"
    hours, minutes = whole // _HOUR_S, whole % _HOUR_S // _MINUTE_S
    if whole >= _DAYS_S:
        return f"{whole // _DAY_S} d"
    return f"{hours} h" if whole >= _WHOLE_HOURS_S or minutes == 0 else f"{hours} h {minutes} min"


def _late_s(evidence: Evidence) -> float:
    """Return how long what somebody asked for took to arrive."""
    occurred = evidence.params.get("occurred_at")
    if evidence.judged_at is None or not isinstance(occurred, str):
        return 0.0
    return (evidence.judged_at - datetime.fromisoformat(occurred)).total_seconds()
