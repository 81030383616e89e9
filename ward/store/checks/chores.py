"""Checks of what must be renewed or done again in time: certificates, backups, rehearsed restores, fallback lists."""

from collections.abc import Iterable
from datetime import datetime

from ward.chores import Deed, due, span
from ward.store import chores
from ward.store.checks.finding import Finding, fail, ok, warn
from ward.store.pool import Connection


async def ends(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that no certificate ends soon, and that there is a backup of today that has been restored once."""
    known = await chores.read(conn, now)
    found = []
    for each in due(known, now):
        what = each.what.value if isinstance(each.what, Deed) else "certificates"
        found.append((fail if each.urgent else warn)(what, each.said, each.todo))
    told = {finding.what for finding in found}
    if known.endings and "certificates" not in told:
        first = min(each.ends_at for each in known.endings)
        found.append(ok("certificates", f"the first ends {first:%Y-%m-%d}, in {(first - now).days} days"))
    for deed in Deed:
        if deed.value not in told:
            age = span(known.age(deed, now))
            never = known.last(deed) is None
            found.append(ok(deed.value, f"none yet; the store is {age} old" if never else f"the newest is {age} old"))
    return found
