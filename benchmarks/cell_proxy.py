"""HAProxy with the configuration that we ship, in front of the processes of a run, with a certificate of its own."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.rig import PROJECT, NotReady
from benchmarks.victims import Part
from ward.store import embedded

CONFIG = PROJECT / "deploy" / "haproxy.cfg"


@dataclass(slots=True, kw_only=True)
class Proxy:
    """Its doors, each a port; `behind` says what is behind them, by the names that the configuration gives."""

    folder: Path
    page: int = field(default_factory=embedded.free_port)
    endpoint: int = field(default_factory=embedded.free_port)
    broker_a: int = field(default_factory=embedded.free_port)
    broker_b: int = field(default_factory=embedded.free_port)

    @property
    def certificate(self) -> Path:
        """What it shows to browsers, and its key."""
        return self.folder / "page.pem"

    def trust(self) -> ssl.SSLContext:
        """Return what a browser that trusts this certificate alone uses."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def part(self, behind: dict[str, int]) -> Part:
        """Return the process.

        Raises
        ------
        NotReady
            If HAProxy is not installed.
        """
        program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise NotReady("haproxy is not installed (Debian: apt install haproxy)")
        self._sign()
        doors = {
            "PAGE": self.page,
            "ENDPOINT": self.endpoint,
            "BROKER_A": self.broker_a,
            "BROKER_B": self.broker_b,
        }
        return Part(
            name="haproxy",
            command=[program, "-f", str(CONFIG), "-db"],
            environment={
                "CERTIFICATES": str(self.certificate),
                **{name: f"127.0.0.1:{port}" for name, port in (doors | behind).items()},
            },
            log=self.folder / "haproxy.log",
        )

    def _sign(self) -> None:
        """Make a certificate of nobody's, for this run."""
        key = self.folder / "page.key"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([*command, *subject, *files], check=True, capture_output=True)
        self.certificate.write_text(self.certificate.read_text() + key.read_text())
        self.certificate.chmod(0o600)
