"""Passwords and PINs: what is refused, and that people's own sentences are not."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from ward.access import passwords

NAMES = ("anna", "Anna Provsköterska", "Exempelköpings kommun")

GOOD = ["rätt häst batteri", "fyra gröna bussar", "Tvättbjörn på vift", "kDf9!pW2#qLx", "en hemvakt som sover aldrig"]
BAD = {
    "short": "tolv tecken",
    "long": "å b c d e f " * 30,
    "published": "Hemvakt-Demo",
    "common with digits": "Sommar20262026!",
    "common with substitutes": "P@ssw0rdP@ssw0rd",
    "one sign": "aaaaaaaaaaaaaaaa",
    "one piece": "abc!abc!abc!abc!",
    "digits in a row": "123456789012345",
    "keyboard": "qwertyuiopasdfghjkl",
    "backwards": "poiuytrewq4321",
    "name": "AnnaProvsköterska1",
    "product": "Hemvakt2026!!",
    "organisation": "exempelköpings-anna",
}


@pytest.mark.parametrize("password", GOOD)
def test_a_sentence_of_ones_own_is_good(password: str) -> None:
    """Length is what counts: no capital, digit or sign is asked for."""
    assert passwords.fault(password, names=NAMES) is None


@pytest.mark.parametrize("password", BAD.values(), ids=BAD)
def test_what_is_tried_first_is_refused(password: str) -> None:
    """Short, common, repeated, in a row, or a name: refused, with a sentence that does not repeat it."""
    said = passwords.fault(password, names=NAMES)

    assert said is not None
    assert password not in said


def test_no_common_password_is_good_however_it_is_lengthened() -> None:
    """The 3,000 commonest of eight characters and more are refused in capitals with digits and a sign, and twice."""
    common = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= 8][:3000]
    longer = [made for each in common for made in (f"{each.title()}2026!", each * 2)]

    assert len(common) == 3000
    assert [each for each in longer if passwords.fault(each, names=()) is None] == []


@pytest.mark.parametrize("pin", ["000000", "777777", "123456", "987654", "890123", "121212", "246246", "123123"])
def test_pins_that_are_tried_first_are_refused(pin: str) -> None:
    """One digit, a row up or down, a piece repeated."""
    assert passwords.pin_fault(pin) is not None


@pytest.mark.parametrize("pin", ["738205", "190264", "112358"])
def test_other_pins_are_good(pin: str) -> None:
    """Six digits with nothing plain about them."""
    assert passwords.pin_fault(pin) is None
