"""An ambulance card as a page: what `api.ambulance_link` puts in its own place once it has been let in. Pure.

In Swedish with English beside. The invariants: whatever stands in the data is text on the page and nothing else; the
page, which nothing renews, says when it was fetched, and the day of what was not measured on that day.
"""

from datetime import datetime
from html import escape

from alerting.words import KINDS, UNITS
from api.ambulance_states import AmbulanceCard, TrendState
from api.home_states import VisitState
from ward.duty import wallclock

_WIDTH, _HEIGHT = 240, 40
_GOALS = {
    "full": "Full vård / full care",
    "comfort": "Lindrande vård: inga livsuppehållande mål / comfort care",
}


def page(card: AmbulanceCard) -> str:
    """Return the whole page as HTML."""
    who = f"{card['given_name']} {card['family_name']}"
    parts = [
        f"<h1>{escape(who)}</h1>",
        _row("Hämtat / as of", f"{wallclock.wall(card['server_time']):%Y-%m-%d %H:%M}"),
        _row("Född / born", f"{card['birth_date']} ({card['age']} år)"),
        _row("Vård / care", card["reason"]),
        _row("Mål / goals", _GOALS[card["goals"]]),
        _score(card),
        _call(card),
        _row("Nästa steg / next step", card["next_step"]["what"]),
        *(_visit(each) for each in card["visits"]),
        _row("Läkarbesök hemma / doctor's visit", f"kan bokas {card['home_visit_on']}: ring teamet / ask the team"),
        "<h2>24 timmar / 24 hours</h2>",
        "<table><thead><tr><td></td><td>senast / latest</td><td>lägst och högst / span</td><td></td></tr></thead>",
        "<tbody>",
        *(_trend(card, each) for each in card["trends"]),
        "</tbody></table>",
        f"<p>Visas till / shown until {wallclock.wall(card['expires_at']):%Y-%m-%d %H:%M}. Varje öppning loggas.</p>",
    ]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="robots" content="noindex"><title>Hemvakt</title>'
        '<link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/card.css">'
    )
    return f'<!doctype html><html lang="sv"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>'


def _visit(visit: VisitState) -> str:
    return _row("Besök / visit", f"{wallclock.wall(visit['at']):%Y-%m-%d %H:%M} {visit['words']}")


def _row(what: str, said: str) -> str:
    return f"<p><b>{escape(what)}:</b> {escape(said)}</p>" if said.strip() else ""


def _call(card: AmbulanceCard) -> str:
    phone = card["team"]["phone"]
    number = "".join(each for each in phone or "" if each in "+0123456789")
    link = f', <a href="tel:{number}">{escape(phone or "")}</a>' if number else ""
    return f"<p><b>Ring / call:</b> {escape(card['team']['name'])}{link}</p>"


def _score(card: AmbulanceCard) -> str:
    score = card["score"]
    if score is None:
        return _row("NEWS2", "okänt / not known")
    total = str(score["min"]) if score["min"] == score["max"] else f"{score['min']}\N{EN DASH}{score['max']}"
    return _row("NEWS2", f"{total} ({_when(score['scored_at'], card)})")


def _trend(card: AmbulanceCard, trend: TrendState) -> str:
    kind, unit = trend["kind"], UNITS.get(trend["unit"], (trend["unit"],))[0]
    newest = card["vitals"].get(kind)
    value = "" if newest is None else f"{_number(newest['value'])} {unit}"
    at = "" if newest is None else _when(newest["measured_at"], card)
    low, high = _number(min(trend["min"])), _number(max(trend["max"]))
    span = low if low == high else f"{low}\N{EN DASH}{high}"
    sv, en = (escape(each) for each in KINDS[kind])
    return (
        f'<tr><th scope="row">{sv.capitalize()} <small lang="en">{en}</small></th><td><b>{escape(value)}</b> {at}</td>'
        f"<td>{escape(span)} {escape(unit)}</td><td>{_drawn(trend)}</td></tr>"
    )


def _when(at: datetime, card: AmbulanceCard) -> str:
    """Write the time of day, with the day before it where that is another than the page's."""
    wall, now = wallclock.wall(at), wallclock.wall(card["server_time"])
    return f"{wall:%H:%M}" if wall.date() == now.date() else f"{wall.day}/{wall.month} {wall:%H:%M}"


def _number(value: float | str) -> str:
    """Write a number as on paper in Sweden: as many decimals as it has, with a comma."""
    return value if isinstance(value, str) else f"{value:g}".replace(".", ",")


def _drawn(trend: TrendState) -> str:
    """Return a line of dots, so that nothing is drawn where nothing was measured."""
    first, last = trend["t"][0], trend["t"][-1]
    low, high = min(trend["mean"]), max(trend["mean"])
    dots = [
        f'<circle r="2" cx="{4 + (at - first) / max(last - first, 1) * (_WIDTH - 8):.1f}"'
        f' cy="{_HEIGHT - 4 - (value - low) / max(high - low, 1e-9) * (_HEIGHT - 8):.1f}"/>'
        for at, value in zip(trend["t"], trend["mean"], strict=True)
    ]
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" aria-hidden="true">{"".join(dots)}</svg>'
