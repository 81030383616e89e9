"""What of a patient's data a route shows, in plain words, and the sentences of the patient's access log. Pure.

The sentences are whole in both languages and hold no vital value. A new route about patients needs an area here: a test
walks the routes.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["sv", "en"]

# By the part of the path after the patient, else by its first part after /api.
_AREAS: dict[str, dict[Language, str]] = {
    "": {"sv": "översikten om dig", "en": "the overview of you"},
    "patients": {"sv": "listan över patienter, där du finns", "en": "the list of patients, which you are on"},
    "live": {"sv": "tavlan över patienter, där du finns", "en": "the board of patients, which you are on"},
    "vitals": {"sv": "dina mätvärden", "en": "your readings"},
    "waveforms": {"sv": "dina kurvor, som EKG", "en": "your curves, such as ECG"},
    "scores": {"sv": "dina bedömningspoäng", "en": "your scores"},
    "alerts": {"sv": "larm om dig", "en": "alerts about you"},
    "escalations": {"sv": "larm om dig", "en": "alerts about you"},
    "plan": {"sv": "din övervakningsplan", "en": "your monitoring plan"},
    "orders": {"sv": "din övervakningsplan", "en": "your monitoring plan"},
    "responsibility": {"sv": "vem som ansvarar för dig", "en": "who answers for you"},
    "coverage": {"sv": "vem som ansvarar för dig", "en": "who answers for you"},
    "replay": {"sv": "tavlan över patienter som den var, där du fanns", "en": "the board as it was, which you were on"},
    "offers": {"sv": "vem som ansvarar för dig", "en": "who answers for you"},
    "teams": {"sv": "överlämningen, ronden eller reservlistan", "en": "the hand-over, the round or the fallback list"},
    "devices": {"sv": "vilken utrustning du har", "en": "which equipment you have"},
    "quarantine": {"sv": "mätvärden som inte kunde tas emot", "en": "readings that could not be used"},
    "backtests": {"sv": "en prövning av larmgränser på dina mätvärden", "en": "a trial of limits on your readings"},
    "burden": {"sv": "hur ofta larm har ringt för dig", "en": "how often alerts have rung for you"},
    "fhir": {"sv": "dina uppgifter, i formatet FHIR", "en": "your data, in the format FHIR"},
    "session": {"sv": "att din sida är öppnad", "en": "that your page is open"},
    "opened": {"sv": "din egen sida", "en": "your own page"},
    "relatives": {"sv": "vad du har öppnat för närstående", "en": "what you have opened to relatives"},
    "invitations": {"sv": "inbjudningar till dina närstående", "en": "invitations to your relatives"},
    "consents": {"sv": "dina samtycken", "en": "your consents"},
    "blocks": {"sv": "dina spärrar", "en": "your blocks"},
    "protection": {"sv": "om din identitet är skyddad", "en": "whether your identity is protected"},
    "emergency": {"sv": "en nödöppning av dina uppgifter", "en": "an emergency opening of your data"},
    "emergencies": {"sv": "nödöppningar av dina uppgifter", "en": "emergency openings of your data"},
    "events": {"sv": "anteckningar om dig", "en": "notes about you"},
    "readings": {"sv": "mätvärden som skrivits in för hand", "en": "readings entered by hand"},
    "help": {"sv": "ditt rop på hjälp", "en": "your call for help"},
    "check-ins": {"sv": "svaren på dagens frågor", "en": "the answers to the day's questions"},
    "effect": {"sv": "vad en läkemedelsändring gjorde", "en": "what a change of medication did"},
    "effect-reports": {"sv": "vad en läkemedelsändring gjorde", "en": "what a change of medication did"},
    "home": {"sv": "din egen sida", "en": "your own page"},
    "next-step": {"sv": "ditt nästa steg", "en": "your next step"},
    "seen": {"sv": "att någon tittat på dina värden", "en": "that somebody has looked at your values"},
    "ambulance-card": {"sv": "kortet om dig för ambulansen", "en": "the card about you for the ambulance"},
    "ambulance-cards": {"sv": "kortet om dig för ambulansen", "en": "the card about you for the ambulance"},
    "stays": {"sv": "hur din vård hemma avslutades", "en": "how your care at home ended"},
    "measuring": {"sv": "när du ska mäta", "en": "when you are to measure"},
    "transfer": {"sv": "flytten av ansvaret för dig", "en": "the transfer of the responsibility for you"},
    "access-log": {"sv": "loggen över vem som sett dina uppgifter", "en": "the log of who has seen your data"},
}
_READ: dict[Language, str] = {"sv": "såg", "en": "saw"}
_CHANGED: dict[Language, str] = {"sv": "ändrade eller skrev i", "en": "changed or wrote in"}
# Where "changed or wrote in" is not what was done.
_DID: dict[str, dict[Language, str]] = {
    "seen": {"sv": "tittade på dina värden", "en": "looked at your values"},
    "emergency": {"sv": "gjorde en nödöppning av dina uppgifter", "en": "made an emergency opening of your data"},
    "protection": {"sv": "ändrade skyddet av din identitet", "en": "changed the protection of your identity"},
}
_WHY: dict[str, dict[Language, str]] = {
    "care": {"sv": "för din vård", "en": "for your care"},
    "emergency": {"sv": "genom en nödöppning", "en": "by an emergency opening"},
    "operation": {"sv": "för driften av systemet", "en": "to run the system"},
    "opened": {"sv": "eftersom du har öppnat det", "en": "because you have opened it"},
    "system": {"sv": "för ett anslutet system", "en": "for a connected system"},
}
_TRIED: dict[Language, str] = {
    "sv": "{who}försökte nå {what}{times} men släpptes inte in.",
    "en": "{who}tried to reach {what}{times} and was not let in.",
}
_TIMES: dict[Language, str] = {"sv": " {n} gånger", "en": " {n} times"}
_BY_LINK: dict[Language, str] = {
    "sv": "Någon såg {what} genom en länk som gjorts för dem av {who}.",
    "en": "Somebody saw {what} by a link that was made for them by {who}.",
}
_LOOKS = ("/search", "/_search", "/ambulance-card", "/plan/review", "/events/read")
_YOU: dict[Language, str] = {"sv": "Du själv", "en": "You yourself"}
_AT: dict[Language, str] = {"sv": "vid", "en": "at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Who looked: name, title and units as they were then."""

    name: str
    title: str | None
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was looked at: by which route's template, how and why; `attempts` where it was refused so often."""

    path: str
    method: str
    why: str
    attempts: int | None = None


def area_of(path: str) -> str:
    """Return which area a route's template belongs to, as a key; the part itself where it has no words yet."""
    parts = [part for part in path.split("/") if part]
    if "{patient_id}" in parts:
        rest = parts[parts.index("{patient_id}") + 1 :]
        return rest[0] if rest else ""
    return parts[1] if len(parts) > 1 and parts[0] == "api" else parts[0] if parts else ""


def known(area: str) -> bool:
    """Tell whether an area has words."""
    return area in _AREAS


def reads(path: str, method: str) -> bool:
    """Tell whether a request only looks: what is searched by, tried or opened with is sent in a body and no address."""
    return method in {"GET", "WS"} or path.endswith(_LOOKS)


def sentence(looker: Looker, seen: Seen, lang: Language) -> str:
    """Put a look into one sentence for the patient."""
    unknown: dict[Language, str] = {"sv": "uppgifter om dig", "en": "data about you"}
    area = area_of(seen.path)
    what = _AREAS.get(area, unknown)[lang]
    who = looker.name if looker.title is None else f"{looker.name}, {looker.title[:1].lower()}{looker.title[1:]}"
    if looker.units:
        who += f" {_AT[lang]} {', '.join(looker.units)}"
    comma = ", " if looker.title is not None or looker.units else " "
    if seen.attempts is not None:
        times = "" if seen.attempts == 1 else _TIMES[lang].format(n=seen.attempts)
        return _TRIED[lang].format(who=f"{who}{comma}", what=what, times=times)
    if seen.why == "link":
        return _BY_LINK[lang].format(who=who, what=what)
    did = f"{_READ[lang]} {what}" if reads(seen.path, seen.method) else _changed(area, what, lang)
    if seen.why == "own":
        return f"{_YOU[lang]} {did}."
    return f"{who}{comma}{did}, {_WHY.get(seen.why, _WHY['care'])[lang]}."


def _changed(area: str, what: str, lang: Language) -> str:
    return _DID[area][lang] if area in _DID else f"{_CHANGED[lang]} {what}"
