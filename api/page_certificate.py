"""When the certificate of the page ends, as who comes to `HEMVAKT_PUBLIC_URL` sees it: a proxy has it, and we do not.

Whether it is right is for browsers to say; here only its end is read. The invariant: nothing is sent but the handshake.
"""

import asyncio
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from ward import log, process
from ward.chores import Ending, Kind
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store import chores
from ward.store.borrow import borrow
from ward.store.pool import Pool
from ward.tls import ends_of_peer

LOOK_S = 300.0
_WAIT_S = 15.0


async def ends(public_url: str) -> datetime | None:
    """Return when the certificate ends that is shown at an address; None where it cannot be read.

    Raises
    ------
    OSError, TimeoutError
        If nothing there speaks TLS.
    """
    address = urlsplit(public_url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # one that has ended is looked at, too
    async with asyncio.timeout(_WAIT_S):
        _, writer = await asyncio.open_connection(
            address.hostname, address.port or 443, ssl=context, server_hostname=address.hostname
        )
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return ends_of_peer(shown) if shown else None


async def run(public_url: str, store: Pool, clock: Clock) -> None:
    """Look for ever, where people come by HTTPS; what cannot be seen from here is told in the log once."""
    if urlsplit(public_url).scheme != "https":
        return
    seen = True
    while True:
        try:
            found = await ends(public_url)
            seen = True
            if found is not None:
                async with borrow(store) as conn:
                    ending = Ending(kind=Kind.PAGE, holder=process.name(), ends_at=found)
                    await chores.seen(conn, [ending], clock.now())
        except (OSError, TimeoutError) as error:
            if seen:
                log.get().warning("page_unseen", error=str(error)[:200] or type(error).__name__)
            seen = False
        except StoreUnavailable as error:
            log.get().warning("endings_untold", error=type(error).__name__)
        await asyncio.sleep(LOOK_S)
