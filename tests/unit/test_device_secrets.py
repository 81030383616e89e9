"""Derived secrets: the same again from the same key, another for everything else."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ward import device_secrets
from ward.device_secrets import FIRST, derive, number_of

KEY = "k" * 32


def digest(secret: str) -> bytes:
    """Return what the store keeps."""
    return hashlib.sha256(secret.encode()).digest()


def test_secret_is_the_same_again() -> None:
    """A secret stays what it is from one release to the next: devices have it in them."""
    assert derive(KEY, "kit-17", FIRST) == "kpY7wGbg4Dt2T2kz07o--sQGKzjiSpFB"


@given(st.text(min_size=32), st.text(min_size=1), st.integers(1, 64), st.text(min_size=32), st.text(min_size=1))
def test_secrets_differ(key: str, device: str, number: int, other_key: str, other_device: str) -> None:
    """Another key, device or number gives another secret."""
    secret = derive(key, device, number)

    assert len(secret) == 32
    assert secret != derive(key, device, number + 1)
    assert (secret == derive(other_key, device, number)) == (key == other_key)
    assert (secret == derive(key, other_device, number)) == (device == other_device)


def test_name_and_number_do_not_run_together() -> None:
    """Device `a` with number 11 and device `a1` with number 1 have nothing in common."""
    assert derive(KEY, "a", 11) != derive(KEY, "a1", 1)


def test_number_is_found_from_what_the_store_keeps() -> None:
    """The digest says which of a device's secrets is in force."""
    assert number_of(KEY, "kit-17", digest(derive(KEY, "kit-17", 3))) == 3


def test_secret_that_was_drawn_has_no_number() -> None:
    """A secret that does not come from this key is found out: it is told to nobody."""
    assert number_of(KEY, "kit-17", digest("drawn")) is None
    assert number_of("x" * 32, "kit-17", digest(derive(KEY, "kit-17", FIRST))) is None


def test_looking_for_a_number_ends() -> None:
    """The numbers that are tried are few, so that ten thousand drawn secrets cost a second, not a minute."""
    beyond = device_secrets._MOST_NUMBERS + 1

    assert number_of(KEY, "kit-17", digest(derive(KEY, "kit-17", beyond))) is None
