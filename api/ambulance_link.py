"""The page behind an ambulance card's link, before the card: it reads the token and asks for the card with it. Pure.

The token stands behind the `#` of the link, which no browser sends: no proxy, log or referrer has it, and whoever looks
at the link before it is opened, as programs for messages do, opens nothing. The page itself holds nothing of a patient.
"""

PATH = "/ambulance"
SCRIPT_PATH = "/ambulance.js"
HEADERS = {"Cache-Control": "no-cache", "X-Robots-Tag": "noindex, nofollow"}
_HEAD = (
    '<!doctype html><html lang="sv"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer"><title>Hemvakt</title>'
    # The card takes the place of this page's body and leaves its head: how the card looks is said here.
    '<link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/card.css">'
)
_TURN_TO = 'Ring den som skickade länken. / <span lang="en">Call who sent it.</span>'
_NO_SCRIPT = f"<noscript><p>Sidan behöver JavaScript. {_TURN_TO}</p></noscript>"
WAITING = (
    f'{_HEAD}<script src="{SCRIPT_PATH}" defer></script></head><body><main>'
    f'<p role="status" id="said">Hämtar kortet … / <span lang="en">Fetching the card …</span></p>{_NO_SCRIPT}'
    f'<p id="over" hidden>Länken gäller inte. {_TURN_TO}</p>'
    '<p id="unreached" hidden>Kortet kunde inte hämtas. / <span lang="en">The card could not be fetched.</span>'
    ' <button type="button" id="again">Försök igen / Try again</button></p></main></body></html>'
)
OF_OLD = (
    f"{_HEAD}</head><body><main><p>Länken är av ett äldre slag och visar inget mer. {_TURN_TO} Be om en ny länk. /"
    ' <span lang="en">This link is of an older kind. Ask for a new one.</span></p></main></body></html>'
)
SCRIPT = """\
const part = (id) => document.getElementById(id);
const show = (id) => ["said", "over", "unreached"].forEach((each) => { part(each).hidden = each !== id; });
async function open() {
  show("said");
  try {
    const answer = await fetch("/api/ambulance-card", {
      method: "POST", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
      headers: { "Content-Type": "application/json", Accept: "text/html" },
      body: JSON.stringify({ token: location.hash.slice(1) }),
    });
    if (answer.status === 404 || answer.status === 422) return show("over");
    if (!answer.ok) return show("unreached");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.replaceWith(page.body);
  } catch {
    show("unreached");
  }
}
part("again").addEventListener("click", open);
addEventListener("hashchange", () => location.reload());
open();
"""
