"""A real OpenID provider for the tests, and an api that lets people log in there."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api import service
from onebox import webbuild
from tests.fix_api import Served, serving
from ward.clock import SystemClock
from ward.settings import Settings

_FOLDER = Path(__file__).resolve().parent / "oidc"
SECRET = "a secret of the tests alone"


@dataclass(slots=True)
class ShiftedClock:
    """The machine's clock, ahead by so much: what a provider signs now is then old."""

    by: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Return the shifted time."""
        return SystemClock().now() + self.by


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A running provider; whoever comes to it is the person that it was told last."""

    issuer: str

    def tell(self, what: str, **parameters: str) -> None:
        """Tell the provider what to do."""
        httpx.get(f"{self.issuer}/test/{what}", params=parameters, timeout=30).raise_for_status()

    @contextlib.asynccontextmanager
    async def serving(self, database_url: str, clock: ShiftedClock, *, scope: str = "openid") -> AsyncIterator[Served]:
        """Serve an api whose people can log in here, by the HSA-id or, without it, by the provider's own number."""
        listening = service.bind(Settings(http_port=0))
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(
            database_url=database_url,
            public_url=origin,
            oidc_issuer=self.issuer,
            oidc_client_id="hemvakt",
            oidc_client_secret=SECRET,
            oidc_claim="hsa_id,sub",
            oidc_scope=scope,
        )
        self.tell("client", origin=origin)
        async with serving(database_url, clock, settings=settings, listening=listening) as served:
            yield served


@pytest.fixture(scope="module")
def provider_process() -> Iterator[str]:
    """The address of a provider of the module's own."""
    node = webbuild.node()
    if node is None or not (_FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("the OpenID provider is not installed (./hemvakt test installs it; needs Node.js and a network)")
    command = [node, "--no-warnings", str(_FOLDER / "provider.mjs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        port = int(running.stdout.readline())
        yield f"http://localhost:{port}"
        running.terminate()


@pytest.fixture
def provider(provider_process: str) -> Provider:
    """A provider at which everybody is anna, until it is told otherwise."""
    found = Provider(issuer=provider_process)
    found.tell("person", sub="anna")
    found.tell("lasts", seconds="600")
    return found
