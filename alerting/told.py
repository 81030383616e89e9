"""What is told of a track at an instant: what is found now, what is certainly over, and what was there meanwhile.

Pure. A finding of the past (retrospective) is one that fired in what had not been judged before and that is known to be
over by now: it has an end, and rings nowhere. What fired there and of which nobody knows any more (the signal was lost
since) may be there still, and is found like what is there. The invariant: at most one observation for
each stay and rule, and evidence is made only where it is news.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from alerting.features import Batch, Bools, Floats, StayContext, moment, seconds
from alerting.observed import Observation, Quiet
from alerting.rules.catalogue import Rule
from alerting.tracks import FINDING, Episode, Row, Track, Verdict, episodes, in_force, row_of, stay_of
from ward.alerts import Alert, Condition, Evidence, Family, Finding, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a batch stands at an instant, asked by every track.

    alerted : for each alert rule the stays (places in the batch) that have an alert; since_s : (m,) float64, from when
    on nothing had been judged before
    """

    batch: Batch
    now_s: float
    alerted: Mapping[str, list[int]]
    since_s: Floats

    @classmethod
    def of(cls, batch: Batch, now_s: float) -> Self:
        """Return where a batch stands."""
        alerted: dict[str, list[int]] = {}
        for place, stay in enumerate(batch.stays):
            for name in stay.alerts:
                alerted.setdefault(name, []).append(place)
        since_s = np.array([stay.unjudged_s for stay in batch.stays])
        return cls(batch=batch, now_s=now_s, alerted=alerted, since_s=since_s)


def told(stand: Stand, rule: Rule, name: str, track: Track) -> Iterator[Observation]:
    """Say what one alert rule's track says at an instant."""
    if not len(track.from_s):
        return
    row = in_force(track, stand.now_s)
    verdict = np.where(row >= 0, track.verdict[row], Verdict.UNKNOWN)
    quiet = np.zeros(len(row), np.bool_)
    quiet[stand.alerted.get(name, [])] = True
    quiet &= verdict == Verdict.QUIET
    past = _fired_unjudged(stand, track) & (rule.family is Family.CLINICAL)
    for index in np.flatnonzero((verdict >= Verdict.LOW) | quiet | past).tolist():
        said: Observation | None = None
        there = int(row[index]) if verdict[index] >= Verdict.LOW else None
        if there is None and past[index]:
            there = _left_open(track, index, stand)
        if there is not None:
            worse = _worse_before(stand, rule, name, track, there) if past[index] else None
            said = worse or _present(stand, rule, name, track, there)
        elif past[index]:
            said = _retrospective(stand.batch, rule, name, track, index, stand.now_s)
        if said is None and quiet[index]:
            said = _quiet(stand, rule, name, float(track.from_s[row[index]]), index)
        if said is not None:
            yield said


def _present(stand: Stand, rule: Rule, name: str, track: Track, index: int) -> Finding | None:
    """Return what a row found; None where the alert is worse and may still be so."""
    batch, now_s = stand.batch, stand.now_s
    row = row_of(track, index)
    stay = batch.stays[row.stay]
    alert = stay.alerts.get(name)
    there = alert is not None and alert.condition is Condition.PRESENT
    if alert is not None and there and row.priority < alert.priority <= track.most[index] - FINDING:
        return None
    known = alert.evidence if alert is not None and there and alert.priority is row.priority else None
    worse = milder = None
    if known is not None and rule.renewed is not None:
        worse = rule.renewed(batch, name, replace(row, from_s=now_s), known)
    if alert is not None and there and row.priority < alert.priority and rule.eased is not None:
        milder = rule.eased(batch, name, replace(row, from_s=now_s))
    news = worse or milder
    return Finding(
        stay_id=stay.stay_id,
        rule=name,
        family=rule.family,
        priority=row.priority,
        began_at=moment(row.began_s),
        due_at=moment(row.from_s),
        evidence=judged_when(news, now_s) if news else known or _until_now(stand, rule, name, row),
        renews=worse is not None,
    )


def _quiet(stand: Stand, rule: Rule, name: str, from_s: float, index: int) -> Quiet:
    """Return that it is over; where the plan has nothing that a clinical rule could find, that this is why."""
    unasked = from_s == -np.inf
    return Quiet(
        stay_id=stand.batch.stays[index].stay_id,
        rule=name,
        since=None if unasked else moment(from_s),
        unasked=unasked and rule.family is Family.CLINICAL,
    )


def _found(batch: Batch, rule: Rule, name: str, row: Row) -> Evidence:
    """Return the evidence of a row, judged when the row begins: whoever finds it, and whenever, says the same."""
    return judged_when(rule.evidence(batch, name, row), row.from_s)


def _until_now(stand: Stand, rule: Rule, name: str, row: Row) -> Evidence:
    """Return the evidence of a row; that of until now, where only that is beyond a hard bound.

    Who has closed an alert while it was there has not seen the hard bound, and no alert is open that would be renewed.
    """
    found = _found(stand.batch, rule, name, row)
    if found.hard or row.priority is not Priority.HIGH or rule.renewed is None:
        return found
    worse = rule.renewed(stand.batch, name, replace(row, from_s=stand.now_s), found)
    return found if worse is None or not worse.hard else judged_when(worse, stand.now_s)


def judged_when(found: Evidence, at_s: float) -> Evidence:
    """Return evidence with the time at which it was judged."""
    return replace(found, judged_at=moment(at_s))


def _fired_unjudged(stand: Stand, track: Track) -> Bools:
    """Tell which stays have a finding that fired in what had not been judged before: (m,) bool."""
    fired = track.verdict >= Verdict.LOW
    if not fired.any():
        return np.zeros(len(stand.since_s), np.bool_)
    owner = stay_of(track)
    fired &= (track.from_s >= stand.since_s[owner]) & (track.from_s <= stand.now_s)
    return np.bincount(owner[fired], minlength=len(stand.since_s)) > 0


def _left_open(track: Track, stay: int, stand: Stand) -> int | None:
    """Return the row of what was found last and is not known to be over, None where it is: it may be there still."""
    first, end = int(track.offsets[stay]), int(track.offsets[stay + 1])
    said = (track.verdict[first:end] == Verdict.QUIET) | (track.verdict[first:end] >= Verdict.LOW)
    decided = np.flatnonzero(said & (track.from_s[first:end] <= stand.now_s))
    if not len(decided):
        return None
    last = first + int(decided[-1])
    return last if track.verdict[last] >= Verdict.LOW and track.from_s[last] >= stand.since_s[stay] else None


def _retrospective(batch: Batch, rule: Rule, name: str, track: Track, index: int, now_s: float) -> Finding | None:
    """Return what was found and is over by now, as one finding however often it was; None where an alert tells it."""
    stay = batch.stays[index]
    found = [each for each in episodes(track, index, now_s) if _is_news(stay, name, track, each)]
    if not found:
        return None
    worst = max((each.worst for each in found), key=lambda row: int(track.verdict[row]))
    said = _over(batch, rule, name, row_of(track, worst), min(found[-1].ended_s, now_s))
    return replace(
        said,
        began_at=moment(float(track.began_s[found[0].first])),
        due_at=moment(float(track.from_s[found[0].first])),
        repeats=len(found) - 1,
    )


def _worse_before(stand: Stand, rule: Rule, name: str, track: Track, index: int) -> Finding | None:
    """Return what was worse than the row that holds now and had not been judged; None where nothing was, or is told.

    It is told first, as what is over; what is there is found by the next look.
    """
    row = row_of(track, index)
    stay = stand.batch.stays[row.stay]
    rows = slice(int(track.offsets[row.stay]), index)
    verdict = np.where(track.from_s[rows] >= stand.since_s[row.stay], track.verdict[rows], Verdict.UNKNOWN)
    worst = int(verdict.argmax()) if len(verdict) else 0
    alert = stay.alerts.get(name)
    known = row.priority if alert is None else max(row.priority, alert.worst)
    if not len(verdict) or verdict[worst] - FINDING <= known:
        return None
    place = rows.start + worst
    milder = place + 1 + int((track.verdict[place + 1 : index + 1] < track.verdict[place]).argmax())
    return _over(stand.batch, rule, name, row_of(track, place), float(track.from_s[milder]))


def _over(batch: Batch, rule: Rule, name: str, row: Row, ended_s: float) -> Finding:
    """Return what a row found, and that it is over."""
    return Finding(
        stay_id=batch.stays[row.stay].stay_id,
        rule=name,
        family=rule.family,
        priority=row.priority,
        began_at=moment(row.began_s),
        due_at=moment(row.from_s),
        evidence=_found(batch, rule, name, row),
        ended_at=moment(ended_s),
    )


def _is_news(stay: StayContext, name: str, track: Track, episode: Episode) -> bool:
    """Tell whether an episode had not been judged: all of it, or where it got worse than its alert ever was."""
    alert = stay.alerts.get(name)
    if alert is None or not _tells(alert, track, episode):
        return bool(track.from_s[episode.first] >= stay.unjudged_s)
    worse = track.verdict[episode.worst] - FINDING > alert.worst
    return bool(worse and track.from_s[episode.worst] >= stay.unjudged_s)


def _tells(alert: Alert, track: Track, episode: Episode) -> bool:
    """Tell whether an alert that is still open spans some of an episode."""
    cleared_s = np.inf if alert.cleared_at is None else seconds(alert.cleared_at)
    return seconds(alert.began_at) <= episode.ended_s and cleared_s >= track.began_s[episode.first]
