"""Which patients' own pages are open in this process, and what each has to look at again. Pure: nothing is read here.

A page is told of its own stay alone. Values may wait a moment; what people wrote and what changes who may see do not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ward.people import StayId

MOVED_EVERY_S = 10.0
"""So often at most a page is read anew for values alone."""
LOOKED_EVERY_S = 15.0
"""So often at least: time alone changes the lamp, and who may see."""


@dataclass(slots=True, kw_only=True, eq=False)
class Watcher:
    """One open page. `wake` is called when it must not wait for its next beat."""

    stay_id: StayId
    wake: Callable[[], None]
    moved: bool = False
    written: bool = False
    ends: bool = False

    def is_due(self, since_s: float) -> bool:
        """Tell whether the page is to be read anew, so long after it was read last."""
        return self.written or (self.moved and since_s >= MOVED_EVERY_S) or since_s >= LOOKED_EVERY_S

    def seen(self) -> None:
        """Note that all there is has been looked at."""
        self.moved = self.written = False


class HomeWatch:
    """Every open page, by stay."""

    def __init__(self) -> None:
        self._pages: dict[StayId, set[Watcher]] = {}

    def join(self, stay_id: StayId, wake: Callable[[], None]) -> Watcher:
        """Add a page."""
        watcher = Watcher(stay_id=stay_id, wake=wake)
        self._pages.setdefault(stay_id, set()).add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Take a page out."""
        pages = self._pages.get(watcher.stay_id, set())
        pages.discard(watcher)
        if not pages:
            self._pages.pop(watcher.stay_id, None)

    def moved(self, stay_id: StayId) -> None:
        """Note that a stay's values have changed."""
        for watcher in self._pages.get(stay_id, ()):
            watcher.moved = True

    def written(self, stay_id: StayId) -> None:
        """Have the pages of a stay read anew at once."""
        for watcher in self._pages.get(stay_id, ()):
            watcher.written = True
            watcher.wake()

    def recheck(self) -> None:
        """Have every page look at once whether it may still be seen, and by whom."""
        for watcher in self._all():
            watcher.wake()

    def close_all(self) -> None:
        """Close every page: this process ends."""
        for watcher in self._all():
            watcher.ends = True
            watcher.wake()

    def _all(self) -> list[Watcher]:
        return [watcher for pages in self._pages.values() for watcher in pages]
