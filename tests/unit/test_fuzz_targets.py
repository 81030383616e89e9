"""What is fuzzed takes any bytes: here without a fuzzer, from the same first inputs."""

import random

import pytest

from benchmarks.fuzz import TARGETS, _load


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds_and_what_is_made_of_them(name: str) -> None:
    """Seeds, whole, cut anywhere, or with bytes changed, raise nothing."""
    run, seeds = _load(TARGETS[name].run), _load(TARGETS[name].seeds)()
    chance = random.Random(7)

    assert seeds
    for seed in seeds:
        run(seed)
        for _ in range(30):
            changed = bytearray(seed[: chance.randrange(len(seed) + 1)])
            for _ in range(chance.randrange(4)):
                if changed:
                    changed[chance.randrange(len(changed))] = chance.randrange(256)
            run(bytes(changed))
