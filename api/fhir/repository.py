"""The store as the router sees it: every question and every batch in one transaction, within what may be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.context import Context
from api.fhir import observation, outcome
from api.fhir.bundle import Done
from api.fhir.catalogue import CATALOGUE
from api.fhir.intake import take
from api.fhir.outcome import Outcome
from api.fhir.reads import Reads
from api.fhir.search import Page, Query
from ward.access.permissions import Permission, may
from ward.access.principals import Principal
from ward.store.borrow import borrow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRepository:
    """Resources of the store, for one principal."""

    context: Context
    principal: Principal

    async def find(self, query: Query) -> Page:
        """Return what is asked for and may be seen."""
        async with borrow(self.context.pool) as conn:
            keeper = may(self.principal, Permission.DEVICES_MANAGE)
            scope = None if keeper else self.principal.scope
            here = self.principal.actor.organisation_id
            reads = Reads(conn=conn, scope=scope, organisation_id=here, now=self.context.clock.now())
            return await CATALOGUE[query.kind].find(reads, query)

    async def missing(self, kind: str, identity: str) -> Outcome:
        """Say why there is no such resource: gone, where nothing of its time is kept any more."""
        days = self.context.settings.keep_readings_days
        if kind != observation.KIND.name or not days:
            return outcome.NOT_FOUND
        kept_since = self.context.clock.now() - timedelta(days=days)
        return outcome.GONE if observation.is_before(identity, kept_since) else outcome.NOT_FOUND

    async def take(self, body: bytes) -> Sequence[Done]:
        """Take the Observations of a batch, or one."""
        return await take(self.context, self.principal, body)
