"""Which accounts a broker lacks, has wrong, or must close: a table, and what holds for every table."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.broker_accounts import NEVER_SET, Account, Act, Change, Secrets, Wanted, after, changes, mark_of, wanted
from tests.broker_devices import KEY, device, digest
from ward.device_secrets import derive
from ward.store.broker import BrokerDevice

NOW, OLD = "mark-now", "mark-old"


def want(*, secret: str | None = "s", is_open: bool = True) -> Wanted:
    """Return the wanted account of device `d`."""
    return Wanted(name="d", mark=NOW, secret=secret, open=is_open)


def have(mark: str | None = NOW, *, is_open: bool = True, has_rights: bool = False) -> Account:
    """Return the account `d` as the broker has it."""
    return Account(name="d", mark=mark, open=is_open, has_rights=has_rights)


CASES = {
    "a new device": (want(), None, [Act.CREATE]),
    "as it should be": (want(), have(), []),
    "a new secret": (want(), have(OLD), [Act.NEW_SECRET]),
    "revoked": (want(is_open=False), have(), [Act.CLOSE]),
    "revoked, closed already": (want(is_open=False), have(is_open=False), []),
    "revoked, without an account": (want(is_open=False), None, [Act.CLOSE]),
    "revoked no longer": (want(), have(is_open=False), [Act.OPEN]),
    "revoked no longer, with a new secret": (want(), have(OLD, is_open=False), [Act.NEW_SECRET, Act.OPEN]),
    "revoked before it ever connected": (want(), have(NEVER_SET, is_open=False), [Act.NEW_SECRET, Act.OPEN]),
    "by certificate alone, revoked no longer": (want(secret=None), have(NEVER_SET, is_open=False), [Act.OPEN]),
    "a secret that we cannot tell": (want(secret=None), None, []),
    "a secret that we could tell once": (want(secret=None), have(), []),
    "a new secret that we cannot tell": (want(secret=None), have(OLD), [Act.CLOSE]),
    "made by hand": (want(secret=None), have(None), []),
    "made by hand, closed by hand": (want(secret=None), have(None, is_open=False), []),
    "made by hand, ours to tell": (want(), have(None), [Act.NEW_SECRET]),
    "made by hand, revoked": (want(is_open=False), have(None), [Act.CLOSE]),
    "an administrator's": (want(is_open=False), have(None, has_rights=True), []),
    "an administrator's that was a device's": (want(), have(OLD, has_rights=True), []),
}


@pytest.mark.parametrize("case", CASES)
def test_changes_of_one_account(case: str) -> None:
    """Each way in which a device and its account can stand to each other has its answer."""
    one, account, expected = CASES[case]

    found = changes([one], {} if account is None else {"d": account}, own="ingest")

    assert [change.act for change in found] == expected


def test_ingest_itself_is_never_touched() -> None:
    """A device that is called like ingest's own account changes nothing there, not even when it is revoked."""
    own = Account(name="ingest", mark=OLD, open=True, has_rights=False)
    named_so = Wanted(name="ingest", mark=NOW, secret="s", open=False)

    assert changes([named_so], {"ingest": own}, own="ingest") == []
    assert changes([], {"ingest": own}, own="ingest") == []


def test_account_of_no_device_is_closed_if_it_is_ours() -> None:
    """What the table does not have any more is closed; what a person made is left alone."""
    accounts = {
        "gone": Account(name="gone", mark=OLD, open=True, has_rights=False),
        "dashboard": Account(name="dashboard", mark=None, open=True, has_rights=False),
    }

    assert changes([], accounts, own="ingest") == [Change(act=Act.CLOSE, name="gone")]


def test_closing_comes_first() -> None:
    """Of many changes those that keep somebody out are made before those that let somebody in."""
    wants = [
        Wanted(name="new", mark=NOW, secret="s", open=True),
        Wanted(name="other", mark=NOW, secret="s", open=True),
        Wanted(name="lost", mark=NOW, secret=None, open=False),
    ]
    accounts = {name: Account(name=name, mark=OLD, open=True, has_rights=False) for name in ("other", "lost")}

    assert [change.name for change in changes(wants, accounts, own=None)] == ["lost", "other", "new"]


def _accounts() -> st.SearchStrategy[dict[str, Account]]:
    one = st.builds(
        Account,
        name=st.just(""),
        mark=st.sampled_from([None, NOW, OLD, NEVER_SET]),
        open=st.booleans(),
        has_rights=st.booleans(),
    )
    return st.dictionaries(st.sampled_from("abcdef"), one).map(
        lambda found: {name: dataclasses.replace(account, name=name) for name, account in found.items()}
    )


def _wants() -> st.SearchStrategy[list[Wanted]]:
    one = st.builds(
        Wanted, name=st.sampled_from("abcdef"), mark=st.just(NOW), secret=st.sampled_from([None, "s"]),
        open=st.booleans(),
    )  # fmt: skip
    return st.lists(one, unique_by=lambda each: each.name)


@given(_wants(), _accounts())
def test_after_all_changes_nothing_is_left_to_do(wants: list[Wanted], accounts: dict[str, Account]) -> None:
    """Made once, the changes are made: nobody is disconnected again and again."""
    for change in changes(wants, accounts, own="f"):
        after(change, accounts)

    assert changes(wants, accounts, own="f") == []


@given(_wants(), _accounts())
def test_h26_no_revoked_device_has_an_open_account(wants: list[Wanted], accounts: dict[str, Account]) -> None:
    """Whatever the broker has, afterwards no account of a revoked device is open, but an administrator's."""
    for change in changes(wants, accounts, own=None):
        after(change, accounts)

    revoked = {each.name for each in wants if not each.open}
    assert [name for name in revoked if accounts[name].open and not accounts[name].has_rights] == []


def test_wanted_account_of_a_device() -> None:
    """A device's account has the secret that the key gives, and closes with its revocation."""
    found = wanted(device("kit-17", number=2), Secrets(KEY))

    assert (found.secret, found.open) == (derive(KEY, "kit-17", 2), True)
    assert wanted(device("kit-17", revoked=True), Secrets(KEY)).secret is None
    assert not wanted(device("kit-17", revoked=True), Secrets(KEY)).open


def test_mark_changes_with_the_secret_and_tells_nothing() -> None:
    """Two secrets have two marks; a mark is not the digest that the store keeps."""
    one, two = digest(derive(KEY, "kit-17", 1)), digest(derive(KEY, "kit-17", 2))

    assert mark_of(one) != mark_of(two)
    assert mark_of(one) not in one.hex()


def test_without_a_key_no_secret_is_known() -> None:
    """Without HEMVAKT_DEVICE_KEY no account is made, and none is opened."""
    drawn = BrokerDevice(device_id="kit-17", secret_sha256=digest("drawn"), revoked=False, config="{}")

    assert Secrets("").of(drawn) is None
    assert Secrets(KEY).of(drawn) is None
