"""What a fleet is to do. Pure values."""

from dataclasses import dataclass

from simulator.faults import NONE, Faults
from simulator.fleet.people import BEHIND_MS, KINDS, WELL, Illness
from ward.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a fleet does. `device` and `secret` are patterns: {} or {n} is the number from 1, {device} the device's id.

    `rate` is readings a second in all, `readings` how many are in a message; `seconds` None: until stopped.
    """

    host: str
    port: int
    device: str
    secret: str
    devices: int
    rate: float
    readings: int = 5
    seconds: float | None = None
    seed: int = 1
    illness: Illness = WELL
    switches: Faults = NONE

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        back_ms = BEHIND_MS * ((self.readings - 1) // len(KINDS))
        if self.interval_s * 1000 <= back_ms + 1:
            raise ConfigError(
                f"{self.devices} devices with {self.readings} readings in a message, {self.rate:g} a second in all,"
                " would repeat themselves: fewer readings in a message, more devices, or a lower rate"
            )

    def device_id(self, device: int) -> str:
        """Return the id of a device, by its number from 0."""
        return self.device.format(device + 1, n=device + 1)

    @property
    def messages_s(self) -> float:
        """Messages a second in all."""
        return self.rate / self.readings

    @property
    def interval_s(self) -> float:
        """Seconds between a device's messages."""
        return self.devices / self.messages_s
