"""What a finder of resources is given: the store, and whose patients may be seen. Nouns only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from api.fhir.search import Page, Query
from ward.access.principals import Scope
from ward.people import OrganisationId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """One transaction in which resources are read. `scope` None: a keeper of devices, who sees no patient.

    `organisation_id` is where whoever reads belongs.
    """

    conn: Connection
    scope: Scope | None
    organisation_id: OrganisationId | None
    now: datetime

    @property
    def sight(self) -> Scope:
        """Whose patients may be seen; nobody's where there is no scope."""
        return self.scope or Scope()


Finder = Callable[[Reads, Query], Awaitable[Page]]
