"""Which passwords and PINs are good enough. Pure; nothing here keeps or compares any.

After NIST SP 800-63B-4, 3.1.1.2: length counts, composition does not, what everybody tries is refused, and so is what
stands in front of the guesser. Differs: twelve characters where it asks for fifteen of a lone password, since attempts
are counted by name and address; stated in docs/decisions/0031.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

SHORTEST = 12
LONGEST = 256
_FEWEST_SIGNS = 5
_RUN = 4
_LEAST_NEW = 8
PUBLISHED = frozenset({"hemvakt-demo"})
"""Passwords that stand in this repository, for the demo's people."""

# What is tried first here, beside `_commonest`; digits and signs at either end make it no better.
_COMMON = frozenset({
    "password", "passwort", "passord", "lösenord", "losenord", "letmein", "welcome", "välkommen", "valkommen",
    "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedc", "iloveyou", "jagälskardig", "jagalskardig", "princess",
    "sunshine", "football", "fotboll", "baseball", "superman", "batman", "dragon", "monkey", "shadow", "master",
    "administrator", "admin", "administratör", "changeme", "changemeplease", "bytmig", "hemlig", "hemligt", "secret",
    "sommar", "vinter", "höst", "host", "vår", "spring", "summer", "autumn", "winter", "januari", "februari", "mars",
    "april", "juni", "juli", "augusti", "september", "oktober", "november", "december", "måndag", "fredag",
    "sverige", "stockholm", "göteborg", "goteborg", "malmö", "malmo", "sjukhus", "sjuksköterska", "sjukskoterska",
    "undersköterska", "läkare", "lakare", "doktor", "doctor", "nurse", "hospital", "vården", "hemsjukvård",
    "trustno", "starwars", "pokemon", "minecraft", "computer", "internet", "samsung", "passwordpassword",
    "correcthorsebatterystaple", "hemvakt",
})  # fmt: skip
_SUBSTITUTES = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})
_SIGNS = re.compile(r"[\W_]+")
_ROWS = ("abcdefghijklmnopqrstuvwxyzåäö", "0123456789", "qwertyuiopå", "asdfghjklöä", "zxcvbnm")


def fault(password: str, *, names: Iterable[str]) -> str | None:
    """Return what is wrong with a new password, None when nothing is; `names` are those that a guesser knows."""
    folded = fold(password)
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters; a few words that belong together only to you are good."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if folded in PUBLISHED or _is_common(folded):
        return "That password is among the first that anybody tries."
    if len(set(folded)) < _FEWEST_SIGNS or _is_run(folded):
        return "That password is one thing repeated, or a row of the keyboard."
    if _is_named(folded, names):
        return "That password is little more than a name that others know."
    return None


def pin_fault(pin: str) -> str | None:
    """Return what is wrong with a new PIN of six digits, None when nothing is."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps <= {0} or steps in ({1}, {9}) or pin[:3] == pin[3:] or pin[:2] * 3 == pin:
        return "That PIN is among the first that anybody tries."
    return None


def fold(password: str) -> str:
    """Return a password as it is compared: capitals and ways of writing one letter do not matter."""
    return unicodedata.normalize("NFKC", password).casefold().strip()


def _is_common(folded: str) -> bool:
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    plain, spelt = (_SIGNS.sub("", each) for each in (folded, folded.translate(_SUBSTITUTES)))
    once = {re.sub(r"^(.+?)\1+$", r"\1", each) for each in (plain, spelt)}
    tried = {bare, plain, spelt, *once, *_without_digits(plain)}
    return not (_COMMON.isdisjoint(tried) and _commonest().isdisjoint(tried))


def _without_digits(plain: str) -> set[str]:
    """Return what is left when one digit after the other is taken from the end, or from the front."""
    ends = range(len(plain.rstrip("0123456789")), len(plain))
    fronts = range(1, len(plain) - len(plain.lstrip("0123456789")) + 1)
    return {*(plain[:end] for end in ends), *(plain[front:] for front in fronts)}


@cache
def _commonest() -> frozenset[str]:
    """Return the 30,000 passwords that leaks have shown most often, in small letters and without signs."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 40 ms, for who chooses a password alone

    return frozenset(_SIGNS.sub("", each) for each in FREQUENCY_LISTS["passwords"])


def _is_run(folded: str) -> bool:
    """Tell whether it is made of stretches of the alphabet, the digits or the keyboard, or of one short piece."""
    left = _SIGNS.sub("", folded)
    for row in _ROWS:
        for way in (row + row, (row + row)[::-1]):
            for length in range(len(row), _RUN - 1, -1):
                for start in range(len(row)):
                    left = left.replace(way[start : start + length], "")
    return len(left) < _RUN or re.fullmatch(r"(.{1,4}?)\1{2,}.{0,3}", folded) is not None


def _is_named(folded: str, names: Iterable[str]) -> bool:
    """Tell whether too little is left when the names, and Hemvakt's own, are taken out."""
    parts = {part for name in (*names, "hemvakt") for part in re.split(r"[\W_]+", fold(name)) if len(part) > 2}
    left = folded
    for part in sorted(parts, key=len, reverse=True):
        left = left.replace(part, "")
    return left != folded and len(re.sub(r"[\W\d_]+", "", left)) < _LEAST_NEW
