"""What axe-core finds wrong with a page; it comes with the page's packages and is injected as the policy allows."""

from playwright.sync_api import Page

from onebox.environment import PROJECT

_AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is."""
    page.evaluate(_AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((one) => one.violations)")
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]
