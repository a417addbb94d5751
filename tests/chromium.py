"""A page in Chromium, looked at through its debugging protocol."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from threading import Thread
from typing import IO, Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""The browser; None where none is installed."""

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    # A tab that another one lies over draws and counts time as if it were seen.
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--no-first-run",
    "--no-startup-window",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, "")}
"""The code of a key that is no character, and what it types."""

_STARTED = "DevTools listening on "

_PATIENCE_SECONDS = 60
"""How long an answer of the browser may take on a busy machine."""

CONTRAST = """
(() => {
  const channels = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => {
    const [r, g, b] = channels(color).slice(0, 3).map(value => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      const parts = channels(color);
      if (parts.length < 4 || parts[3] === 1) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ['TITLE', 'STYLE', 'title'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const color = element.ownerSVGElement ? style.fill : style.color;
    const [a, b] = [light(color), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${walker.currentNode.data}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()
"""
"""Texts of too little contrast with what is behind them, by the Web Content Accessibility Guidelines."""


class BrowserGoneError(Exception):
    """The browser, or the process of a tab, has ended."""


class _Connection:
    """A connection to the browser, or to one of its tabs."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; what happens meanwhile is noted."""
        number = next(self._numbers)
        try:
            await self._socket.send_json({"id": number, "method": method, "params": parameters})
        except aiohttp.ClientConnectionError as error:
            raise BrowserGoneError("the connection is closed") from error
        while (message := await self._receive()).get("id") != number:
            self._note(message)
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    async def _receive(self) -> dict[str, Any]:
        received = await self._socket.receive(timeout=_PATIENCE_SECONDS)
        if received.type is not aiohttp.WSMsgType.TEXT:
            raise BrowserGoneError(received.type.name)
        message: dict[str, Any] = json.loads(received.data)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        """Take in what the browser tells by itself."""


class Tab(_Connection):
    """One tab.

    Attributes:
        requests: the addresses that it has asked for.
        complaints: what it has logged, such as a violation of the page's policy.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__(socket)
        self._loaded = False
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def open(self, page: Path | str) -> None:
        """Open a file or an address and wait until it is shown."""
        self._loaded = False
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility", "DOM"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not self._loaded:
            self._note(await self._receive())

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; the page's own policy does not bind the debugger."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until a JavaScript expression is true, and return its value; the page is looked at once a frame."""
        waiting = (
            "new Promise((resolve, reject) => { const end = performance.now() + 30000; const look = () => {"
            f"const found = ({expression}); if (found) resolve(found);"
            "else if (performance.now() > end) reject(new Error(document.body.innerText.slice(0, 2000)));"
            "else requestAnimationFrame(look); }; look(); })"
        )
        found = await self.call("Runtime.evaluate", expression=waiting, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, (expression, found)
        return found["result"].get("value")

    async def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key and let it go.

        Args:
            key: a letter, or a name such as `Enter`.
            modifiers: 2 for Ctrl, 8 for Shift.
        """
        code, text = _KEYS.get(key, (ord(key[0].upper()), key))
        pressed: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **({"text": text} if text else {}))
        await self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def type(self, text: str) -> None:
        """Type a text where the focus is."""
        await self.call("Input.insertText", text=text)

    async def resize(self, width: int, height: int) -> None:
        """Show the page at this size."""
        sizes = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **sizes)

    async def prefer(self, scheme: str) -> None:
        """Show the page as a reader's system in this colour scheme would."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])

    def _note(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}}:
                self.requests.append(url)
            case {"method": "Log.entryAdded", "params": {"entry": {"text": text}}}:
                self.complaints.append(text)
            case {"method": "Page.loadEventFired"}:
                self._loaded = True
            case {"method": "Inspector.targetCrashed"}:
                raise BrowserGoneError("the tab crashed")
            case {"method": "Runtime.exceptionThrown", "params": parameters}:
                self.complaints.append(json.dumps(parameters))
            case _:
                pass


class Browser:
    """A browser for all tests of a process; what one of them does in it, no other sees.

    It starts with the first tab. A browser that has ended, or does not answer, is replaced for the next one.

    Args:
        profile: a folder for its files.
    """

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._process: subprocess.Popen[str] | None = None
        self._address = ""

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """Open a tab with cookies, storage, a cache and permissions of its own; they end with the context."""
        try:
            address = self._running()
            async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
                browser = _Connection(socket)
                context = await browser.call("Target.createBrowserContext")
                try:
                    target = await browser.call("Target.createTarget", url="about:blank", **context)
                    page = f"{address.partition('/devtools/')[0]}/devtools/page/{target['targetId']}"
                    async with session.ws_connect(page, max_msg_size=0) as opened:
                        yield Tab(opened)
                finally:
                    await browser.call("Target.disposeBrowserContext", **context)
        except (BrowserGoneError, TimeoutError, aiohttp.ClientError):
            self.end()
            raise

    @property
    def process(self) -> int | None:
        """The process that runs."""
        return None if self._process is None else self._process.pid

    def end(self) -> None:
        """End the browser, if one runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _running(self) -> str:
        """Return the address at which the browser is controlled; start it if it does not run."""
        if self._process is not None and self._process.poll() is None:
            return self._address
        assert CHROMIUM is not None
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={self._profile}"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        complaints = self._process.stderr
        assert complaints is not None
        line = ""
        while not line.startswith(_STARTED):
            line = complaints.readline()
            if not line:
                raise BrowserGoneError("it ended while it started")
        # Unread complaints would fill the pipe, and stop the browser.
        Thread(target=_drain, args=(complaints,), daemon=True).start()
        self._address = line.removeprefix(_STARTED).strip()
        return self._address


def _drain(complaints: IO[str]) -> None:
    with complaints:
        while complaints.readline():
            pass
