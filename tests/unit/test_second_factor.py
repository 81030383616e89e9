"""Codes of the second factor, and how its secret is kept."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from api import second_factor
from ward.access.principals import AccountId
from ward.settings import Settings

# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PUBLISHED = {20000000000: "353130", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}
ANNA, OSKAR = AccountId(1), AccountId(2)


def keyed(key: str) -> Settings:
    """Settings with a key."""
    return Settings(database_url="postgresql://nowhere", factor_key=key)


@pytest.mark.parametrize(("at_s", "code"), PUBLISHED.items())
def test_codes_are_those_of_the_standard(at_s: int, code: str) -> None:
    """The published code is right in its period and in the two beside it, however it is written; else it is not."""
    now = datetime.fromtimestamp(at_s, UTC)
    step, period = at_s // 30, timedelta(seconds=30)

    assert second_factor.step_of(SECRET, f"{code[:3]} {code[3:]}", now) == step
    assert second_factor.step_of(SECRET, code, now + period) == step
    assert second_factor.step_of(SECRET, code, now - period) == step
    assert second_factor.step_of(SECRET, code, now + 2 * period) is None
    assert second_factor.step_of(SECRET, f"{code}0", now) is None
    assert second_factor.step_of(SECRET, "１２３４５６", now) is None


def test_secret_is_sealed_for_one_account_and_one_key() -> None:
    """What the store keeps opens with the same key for the same account alone, and not where there is no key."""
    sealed = second_factor.seal(keyed("k" * 32), ANNA, SECRET)

    assert SECRET.encode() not in sealed
    assert second_factor.unseal(keyed("k" * 32), ANNA, sealed) == SECRET
    assert second_factor.unseal(keyed("k" * 32), OSKAR, sealed) is None
    assert second_factor.unseal(keyed("x" * 32), ANNA, sealed) is None
    assert second_factor.unseal(keyed(""), ANNA, sealed) is None


def test_drawn_secret_is_read_by_authenticators() -> None:
    """The address names us and the person and leads to the secret; the square is one, and codes differ."""
    drawn, codes = second_factor.draw("anna"), second_factor.draw_codes()
    read = pyotp.parse_uri(drawn.uri)

    assert (read.secret, read.issuer, read.name) == (drawn.secret, "Hemvakt", "anna")
    assert {len(row) for row in drawn.square} == {len(drawn.square)}
    assert drawn.square[0].startswith("1111111")
    assert len(set(codes)) == second_factor.CODES
    assert all(len(second_factor.plain(each)) == 16 for each in codes)
