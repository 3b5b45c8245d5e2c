"""When something stands on the screen: real Chromium, cold and warm, while others work. Prints JSON, one line a page.

First-contentful-paint is the browser's own (Paint Timing API); bytes are those that came over the wire, heads included,
style and script with them where the browser did not have them.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.desk.team import secret
from tools import peers

PAGES = {
    "sign-in": "/sign-in",
    "all mail": "/inbox",
    "a desk": "/inbox?route=appeals",
    "search": "/inbox?words=account",
    "a saved view": "/inbox?view=1",
    "a mail": "/mail/{mail}",
    "a mail, to be answered": "/mail/{mail}?template=appeal-more",
    "before a verdict is taken back": "/mail/{mail}/undo",
    "a long text": "/mail/{mail}/text",
    "review": "/review",
    "agreement": "/review/agreement",
    "to settle": "/review/agreement/{differing}",
    "urgent": "/urgent",
    "cases": "/cases",
    "a case": "/case/{case}",
    "dead letters": "/letters",
    "health": "/condition",
    "privacy": "/person",
    "notices": "/notices",
    "rules": "/rules",
    "rules: a file": "/rules/rules/bench.toml",
    "rules: one that is shipped": "/rules/shipped?file=starter/rules/appeals.toml",
    "rules: versions": "/rules/rules/bench.toml/versions",
    "rules: a version": "/rules/diff?to=5",
    # The process that checks them was started when they were opened.
    "rules checked": "/rules/checked",
    "templates": "/templates",
    "a template": "/templates/file/appeal-more",
    "back-tests": "/backtest",
    "a back-test": "/backtest/1",
    "people and keys": "/people",
    "one of them": "/people/lead1",
    "views": "/views",
    "audit log": "/audit",
    "webhooks": "/hooks",
    "me": "/me",
    "the API's page": "/api/v1/",
}
NOT_PAINTED = {
    "/": "leads on to another page",
    "/mail/{id}/alike": "a part of a page, loaded when it is opened",
    "/mail/{id}/html": "a part of a page, in a frame",
    "/mail/{id}/part/{number}": "a file",
    "/mail/{id}/raw": "a file",
    "/backtest/{number}/mails.csv": "a file",
    "/backtest/{number}/mails.json": "a file",
    "/rules/export": "a file",
    "/audit.jsonl": "a file",
    "/news": "for the script",
    "/rules/new": "leads on to the editor",
    "/templates/new": "is the editor, with nothing in it",
    "/templates/export": "a file",
    "/templates/diff": "as of rules: they share it",
    "/templates/file/{name}/versions": "as of rules: they share it",
    "/keys": "is /people",
}
"""Pages that are not painted, and why."""
_PAINT = """() => new Promise((done) => {
  const told = () => performance.getEntriesByName('first-contentful-paint')[0];
  if (told()) { done(told().startTime); return; }
  new PerformanceObserver(() => { if (told()) done(told().startTime); }).observe({ type: 'paint', buffered: true });
})"""


def main(words: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk.painting", description="Measure first paints.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--mail", required=True)
    parser.add_argument("--case", required=True)
    parser.add_argument("--differing", required=True, help="a mail that two disagree on")
    parser.add_argument("--times", type=int, default=3)
    told = parser.parse_args(words)
    found = peers.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.program,
            env=found.env,
            args=["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        for name, path in PAGES.items():
            address = told.url + path.format(mail=told.mail, case=told.case, differing=told.differing)
            for row in _paints(browser, told.url, address, told.times):
                print(json.dumps({"page": name, **row}), flush=True)
        browser.close()
    return 0


def _paints(browser: Browser, url: str, address: str, times: int) -> Iterator[dict[str, Any]]:
    """Cold, by somebody who was never there; then warm, with style and script kept."""
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1600, "height": 1000})
        context.add_cookies([{"name": "postroom", "value": secret("root", 1), "url": url}])
        page = context.new_page()
        sent = _bytes_received(context, page)
        for state in ("cold", "warm"):
            sent.clear()
            page.goto(address)
            yield {"state": state, "ms": round(page.evaluate(_PAINT), 1), "bytes": sum(sent)}
        context.close()


def _bytes_received(context: BrowserContext, page: Page) -> list[int]:
    sent: list[int] = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda told: sent.append(int(told["encodedDataLength"])))
    return sent


if __name__ == "__main__":
    sys.exit(main())
