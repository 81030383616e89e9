"""What a run of a whole cell is to do: which processes are killed when, and who falls ill. Pure: all from the seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

_LONGEST_DOWN_S = 5.0
_AT_ONCE_EVERY = 4


class Blow(StrEnum):
    """Who is killed, by SIGKILL. A worker is one at a broker; rush is the second process of alerting."""

    WORKER = "ingest worker"
    ENDPOINT = "ingest endpoint"
    ALERTING = "alerting"
    RUSH = "rush"
    BACKTEST = "back-test worker"
    API = "api"
    BROKER = "broker"
    STORE = "store"


SEVERAL = "several at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done at a moment: each blow with a number that chooses its victim, and how long that one stays down."""

    at_s: float
    blows: tuple[tuple[Blow, int, float], ...]

    @property
    def kind(self) -> str:
        """Under what the table counts it."""
        return str(self.blows[0][0]) if len(self.blows) == 1 else SEVERAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything: `of_each` processes of a kind, `devices` of which at most `ill` fall ill."""

    seed: int
    seconds: float
    gap_s: float
    devices: int
    rate: float
    boards: int
    of_each: int = 2

    @property
    def ill(self) -> int:
        """How many may fall ill; the rest stay well to the end, and nothing may ring for them."""
        return self.devices * 5 // 6


def steps(plan: Plan) -> Iterator[Step]:
    """Yield what is done when: each kind as often as another, in drawn order; every fourth time several at once."""
    rng = Random(plan.seed)
    at_s, count, waiting = plan.gap_s, 0, list[Blow]()
    while at_s < plan.seconds:
        count += 1
        several = rng.randint(2, len(Blow)) if count % _AT_ONCE_EVERY == 0 else 1
        if several > 1:
            chosen: Sequence[Blow] = rng.sample(list(Blow), several)
        else:
            waiting = waiting or rng.sample(list(Blow), len(Blow))
            chosen = (waiting.pop(),)
        blows = tuple((each, rng.randrange(1 << 16), rng.random() * _LONGEST_DOWN_S) for each in chosen)
        yield Step(at_s=at_s, blows=blows)
        at_s += plan.gap_s * (0.5 + rng.random())
