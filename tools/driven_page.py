"""The review page in Chromium, used by its keys as people use it."""

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

VIEWS = ("data", "train", "review", "retrain", "results")


class Page:
    """The page of a server, in Chromium."""

    def __init__(self, address: str, page: Any, folder: Path) -> None:
        self.address, self.page, self.folder = address, page, folder
        page.route("**/api/state", self._without_place_and_times)
        page.goto(address)

    def _without_place_and_times(self, route: Any) -> None:
        """Tell the page nothing that differs from machine to machine, or from run to run."""
        answer = route.fetch()
        state = {**answer.json(), "folder": self.folder.name}
        for job in state["jobs"]:
            job["ended"] = job["started"] and job["ended"] and job["started"] + 1
        route.fulfill(response=answer, json=state)

    def ask(self, path: str) -> Any:
        """What the server answers."""
        with urllib.request.urlopen(self.address + path, timeout=60) as answer:  # noqa: S310 - http, of this machine
            return json.load(answer)

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Fill the field that has the focus, and leave it by Enter."""
        self.until("document.activeElement.matches('input:not([type=range])')")
        self.page.keyboard.type(text)
        self.press("Enter")

    def until(self, expression: str) -> Any:
        """Wait until an expression is true in the page; its value."""
        return wait_until(lambda: self.page.evaluate(expression), expression)

    def until_offered(self, view: str, label: str) -> None:
        """Wait until a button of a view can be pressed."""
        button = self.page.locator(f"#panel-{view} button", has_text=label).first
        wait_until(button.is_enabled, label)

    def until_done(self, kind: str, count: int) -> None:
        """Wait until so many works of a kind are done."""

        def done() -> bool:
            states = [each["state"] for each in self.ask("api/jobs")["jobs"] if each["kind"] == kind]
            if "failed" in states:
                raise RuntimeError(f"{kind} failed")
            return states.count("done") == count

        wait_until(done, f"{count} times {kind}")

    def blur(self) -> None:
        """Leave a field, so that keys are keys."""
        self.page.evaluate("document.activeElement.blur()")

    def show(self, view: str) -> None:
        """Go to a view by its key."""
        self.press(f"Shift+Digit{VIEWS.index(view) + 1}")
        self.until(f"document.querySelector('#panel-{view}').innerText.trim().length > 20")


def wait_until(ask: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)
    return answer
