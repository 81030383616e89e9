"""The devices that publish more than they may: which connections are not read meanwhile, and since when.

Pure: time is a parameter. Nothing is dropped; a device that is not read is held back by TCP. The invariant: an
episode begins when a device goes over its allowance and ends when it has stayed within it for `CALM_S`.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from ingest.tokens import Tokens

CALM_S: Final = 60.0
Reader = TypeVar("Reader", bound=Hashable)


@dataclass(slots=True, kw_only=True)
class Episode(Generic[Reader]):
    """One device's flood. `waiting` are its connections that are not read now."""

    tokens: Tokens
    since: datetime
    over_at_s: float
    waiting: set[Reader] = field(default_factory=set)


class Floods(Generic[Reader]):
    """The floods that go on, by device."""

    def __init__(self) -> None:
        self._episodes: dict[str, Episode[Reader]] = {}

    def stop_reading(self, device_id: str, tokens: Tokens, reader: Reader, now: datetime, at_s: float) -> bool:
        """Note that a connection of a device is not read for now; True where an episode begins with it."""
        found = self._episodes.get(device_id)
        begins = found is None
        if found is None:
            found = self._episodes[device_id] = Episode(tokens=tokens, since=now, over_at_s=at_s)
        found.over_at_s = at_s
        found.waiting.add(reader)
        return begins

    def readable(self, at_s: float) -> list[Reader]:
        """Return the connections that are to be read again, and end the episodes that are over."""
        free: list[Reader] = []
        for device_id, episode in list(self._episodes.items()):
            if episode.tokens.is_over(at_s):
                episode.over_at_s = at_s
                continue
            free += episode.waiting
            episode.waiting.clear()
            if at_s - episode.over_at_s >= CALM_S:
                del self._episodes[device_id]
        return free

    def forget(self, device_id: str, reader: Reader) -> None:
        """Forget a connection that is gone."""
        if device_id in self._episodes:
            self._episodes[device_id].waiting.discard(reader)

    def since(self) -> dict[str, datetime]:
        """Return the devices that are held back, each with the beginning of its episode."""
        return {device_id: episode.since for device_id, episode in self._episodes.items()}
