"""Take the README's screenshot from a running page: `python docs/images/take.py URL MESSAGE OUT.png`."""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright


def take(url: str, message: str, out: str) -> None:
    """Ask for something, wait for the whole answer, save what is on the screen (1280 × 900)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.locator(".cr-example").first.wait_for()
        page.get_by_role("textbox", name="Message").fill(message)
        page.keyboard.press("Enter")
        page.locator(".cr-retry").wait_for(timeout=120_000)
        page.get_by_role("status").first.click()
        page.wait_for_timeout(600)
        page.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    take(*sys.argv[1:4])
