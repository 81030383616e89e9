"""How staff are told, in a real browser with the built page: ways added and taken out, and a browser that is woken.

No push service is asked: what one would send is handed to the service worker by the browser's own tools.
"""

import contextlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.browser.test_log_in_page import in_a_thread
from tests.fix_api import PASSWORD, House, serving
from tests.fix_axe import violations
from tests.fix_browser import chromium
from ward.settings import Settings

pytestmark = pytest.mark.browser
_SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map((one) => [one.title, one.body, one.tag, one.requireInteraction, one.data?.link ?? null])"""
_WAS_ON = """async () => {
    const { account } = await (await fetch("/api/session")).json();
    localStorage.setItem(`hemvakt.woken.${account.account_id}`, "before");
}"""
# A browser whose push service answers, since none can be asked here: it says what Chromium's would.
_PUSHED_TO = """
PushManager.prototype.getSubscription = async () => {
    const { n, key } = JSON.parse(localStorage.getItem("pushed-to") ?? '{"n":0}');
    if (!key) return null;
    const endpoint = `https://fcm.googleapis.com/fcm/send/${n}`;
    return {
        endpoint,
        options: { applicationServerKey: Uint8Array.from(key).buffer },
        toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: "B".repeat(87), auth: "a".repeat(22) } }),
        unsubscribe: async () => localStorage.setItem("pushed-to", JSON.stringify({ n })),
    };
};
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    const { n } = JSON.parse(localStorage.getItem("pushed-to") ?? '{"n":0}');
    if (!userVisibleOnly) throw new Error("refused");
    localStorage.setItem("pushed-to", JSON.stringify({ n: n + 1, key: [...applicationServerKey] }));
    return PushManager.prototype.getSubscription();
};
"""
_CHANGED = "localStorage.setItem('pushed-to', JSON.stringify({ n: 5 }))"
_WIDE = "document.documentElement.scrollWidth > innerWidth"
SENT = {"title": "Larm hög – logga in", "body": "Testteamet", "link": "https://board.example/?alert=7", "id": "one"}


def _vapid_key() -> str:
    raw = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32)
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _with_invented_people(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "demo": True})


@contextlib.contextmanager
def own_page(house: House, *, allow: bool = False, **ways: str) -> Iterator[tuple[Page, str]]:
    """Anna's page of her own account on a telephone, where some ways are set up."""
    settings = Settings(database_url=house.database_url, http_port=0, **ways)  # type: ignore[arg-type]
    with in_a_thread(lambda: serving(house.database_url, settings=settings)) as url, chromium() as browser:
        context = browser.new_context(locale="sv-SE", viewport={"width": 390, "height": 844})
        if allow:
            context.grant_permissions(["notifications"], origin=url)
        page = context.new_page()
        page.goto(url)
        page.get_by_test_id("login-username").fill("anna")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("board")).to_be_visible()
        page.goto(f"{url}/security")
        yield page, url


def test_h04_number_is_added_and_taken_out_and_a_wrong_one_is_refused_in_words(house: House) -> None:
    """A number written as at home is taken whole; one that is none is not; the last one goes after a warning."""
    with own_page(house, sms_gateway="json://127.0.0.1:9/{to}") as (page, _):
        expect(page.get_by_test_id("ways-none")).to_have_text("Du har bara tavlan.")
        expect(page.get_by_test_id("ways-missing")).to_contain_text("e-post, larm i webbläsaren")
        expect(page.get_by_test_id("way-email")).to_have_count(0)
        number = page.get_by_role("textbox", name="Mobilnummer")
        number.fill("12345")
        number.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="Det är inget mobilnummer")).to_be_visible()
        expect(number).to_be_focused()
        expect(number).to_have_value("12345")
        found = violations(page)

        number.fill("070-174 06 05")
        page.get_by_role("button", name="Lägg till: Mobilnummer").click()
        expect(page.get_by_test_id("ways-done")).to_contain_text("+46701740605")
        expect(page.get_by_test_id("way")).to_contain_text("Sms till …605")
        expect(number).to_have_value("")
        found += violations(page)
        wide = page.evaluate(_WIDE)

        page.get_by_role("button", name="Ta bort: Sms till …605").click()
        expect(page.get_by_role("dialog")).to_contain_text("Sedan har du bara tavlan")
        found += violations(page)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("way")).to_have_count(1)
        page.get_by_role("button", name="Ta bort: Sms till …605").press("Enter")
        page.get_by_test_id("ways-yes").click()
        expect(page.get_by_test_id("ways-done")).to_have_text("Borttagen: Sms till …605.")
        expect(page.get_by_test_id("ways-none")).to_be_visible()

        assert (found, wide) == ([], False)


def test_h04_way_that_broke_is_said_with_what_to_do(house: House) -> None:
    """A way that its provider called gone stands there as broken, since when, why, and how to mend it."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute(
            "insert into contact_channel (staff_id, kind, address, added_at, broken_at, broken_reason)"
            " values (%s, 'email', 'anna@example.se', now(), now(), 'HTTP 410')",
            (house.anna,),
        )
    with own_page(house, email_gateway="json://127.0.0.1:9/{to}") as (page, _):
        expect(page.get_by_test_id("way")).to_contain_text("E-post till a…@example.se")
        expect(page.get_by_test_id("way")).to_contain_text("mottagaren finns inte längre. Lägg till den igen")
        expect(page.get_by_test_id("ways-demo")).to_have_count(0)
        page.route("**/api/session", _with_invented_people)
        page.reload()
        expect(page.get_by_test_id("ways-demo")).to_contain_text("i demon skickas inga riktiga meddelanden")
        page.get_by_test_id("lang").first.click()
        expect(page.get_by_test_id("way")).to_contain_text("the receiver is not there any more. Add it again")

        assert violations(page) == []


def test_h04_browser_that_is_not_or_no_longer_woken_says_why(house: House) -> None:
    """Where the browser refuses, has no push service that answers, or has lost what it had, the page says so."""
    with own_page(house, vapid_key=_vapid_key(), vapid_contact="mailto:drift@example.se") as (page, url):
        expect(page.get_by_test_id("ways-here")).to_contain_text("Den visar larm också när Hemvakt är stängt")
        page.get_by_test_id("ways-wake").click()  # a browser without a screen answers its own question with no
        refused = page.get_by_role("alert").filter(has_text="Webbläsaren tillåter inte aviseringar från Hemvakt")
        expect(refused).to_be_visible()
        found = violations(page)
        page.context.grant_permissions(["notifications"], origin=url)
        page.reload()
        page.get_by_test_id("ways-wake").click()
        expect(page.get_by_test_id("ways-unwoken")).to_contain_text("meddelandetjänst svarar inte")
        expect(page.get_by_test_id("ways-none")).to_be_visible()
        found += violations(page)
        page.evaluate(_WAS_ON)
        page.reload()
        expect(page.get_by_test_id("ways-here")).to_contain_text("visade larm, men gör det inte längre")

        assert found == []


def test_h04_browser_is_woken_until_it_is_taken_out_and_subscribes_anew_by_itself(house: House) -> None:
    """Switched on once, a browser whose subscription changed is known again when the page is opened, and only once."""

    def endpoints() -> list[str]:
        with psycopg.connect(house.database_url) as conn:
            return [json.loads(row[0])["endpoint"][-2:] for row in conn.execute("select address from contact_channel")]

    settings = {"vapid_key": _vapid_key(), "vapid_contact": "mailto:drift@example.se"}
    with own_page(house, allow=True, **settings) as (page, url):
        page.context.add_init_script(_PUSHED_TO)
        page.reload()
        page.get_by_test_id("ways-wake").click()
        expect(page.get_by_test_id("ways-here")).to_have_text("Den här webbläsaren visar larm.")
        expect(page.get_by_test_id("way")).to_contain_text("Den här webbläsaren")
        assert endpoints() == ["/1"]

        page.evaluate(_CHANGED)
        with page.expect_response("**/api/me/push-subscriptions"), page.expect_response("**/api/me/channels/*"):
            page.goto(url)
        expect(page.get_by_test_id("board")).to_be_visible()
        page.goto(f"{url}/security")
        expect(page.get_by_test_id("ways-here")).to_have_text("Den här webbläsaren visar larm.")
        assert endpoints() == ["/6"]

        page.get_by_role("button", name="Ta bort: Den här webbläsaren").click()
        page.get_by_test_id("ways-yes").click()
        expect(page.get_by_test_id("ways-none")).to_be_visible()
        page.reload()
        expect(page.get_by_test_id("ways-wake")).to_be_visible()
        assert endpoints() == []
        assert page.evaluate("localStorage.getItem('pushed-to')") == '{"n":6}'


def _deliver(page: Page, tools: CDPSession, registration: str, data: str, shows: list[list[object]]) -> None:
    """Hand the worker what a push service would, and wait until the browser shows just that, the newest last."""
    origin = page.evaluate("location.origin")
    push = {"origin": origin, "registrationId": registration, "data": data}
    tools.send("ServiceWorker.deliverPushMessage", push)
    for _ in range(300):
        found = sorted(page.evaluate(_SHOWN), key=str)
        if found == shows:
            return
        page.wait_for_timeout(100)
    raise AssertionError(found)


def test_h04_push_is_shown_as_it_was_sent_and_never_swallowed(house: House) -> None:
    """An alert's push takes the place of its own older one alone; what cannot be read is shown as an alert."""
    with own_page(house, allow=True) as (page, _):
        tools = page.context.new_cdp_session(page)
        registrations: list[str] = []
        tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: registrations.extend(each["registrationId"] for each in told["registrations"]),
        )
        tools.send("ServiceWorker.enable")
        page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)")
        page.reload()
        page.wait_for_function("navigator.serviceWorker.controller?.state === 'activated'")
        medium = json.dumps({**SENT, "title": "Larm medel – logga in", "tag": "alert-7", "urgent": False})
        high = json.dumps({**SENT, "tag": "alert-7", "urgent": True})
        of_seven = ["Larm hög – logga in", "Testteamet", "alert-7", True, SENT["link"]]
        unread = ["Nytt larm i Hemvakt / New alert in Hemvakt", "", "", True, None]
        registration = registrations[0]

        _deliver(
            page, tools, registration, medium, [["Larm medel – logga in", "Testteamet", "alert-7", False, SENT["link"]]]
        )
        _deliver(page, tools, registration, high, [of_seven])
        _deliver(page, tools, registration, "not JSON", [of_seven, unread])
        _deliver(page, tools, registration, "", [of_seven, unread, unread])
