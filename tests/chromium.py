"""A page in Chromium, looked at through its debugging protocol."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

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
    "--no-first-run",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, "")}
"""The code of a key that is no character, and what it types."""

_STARTED = b"DevTools listening on "

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


class Tab:
    """One tab.

    Attributes:
        requests: the addresses that it has asked for.
        complaints: what it has logged, such as a violation of the page's policy.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._loaded = False
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; what happens meanwhile is noted."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=60)
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    async def open(self, page: Path | str) -> None:
        """Open a file or an address and wait until it is shown."""
        self._loaded = False
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility", "DOM"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not self._loaded:
            self._note(await self._socket.receive_json(timeout=60))

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
            case {"method": "Runtime.exceptionThrown", "params": parameters}:
                self.complaints.append(json.dumps(parameters))
            case _:
                pass


@asynccontextmanager
async def chromium() -> AsyncIterator[Tab]:
    """Start the browser with one tab, and end it when the context is left."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(prefix="gw-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stderr is not None
            line = b""
            while not line.startswith(_STARTED):
                line = await asyncio.wait_for(process.stderr.readline(), 60)
                assert line, "the browser ended"
            drain = asyncio.create_task(_drain(process.stderr))
            address = line.removeprefix(_STARTED).decode().strip().removeprefix("ws://").partition("/")[0]
            async with aiohttp.ClientSession() as session:
                tabs = await (await session.get(f"http://{address}/json/list")).json()
                target = next(each["webSocketDebuggerUrl"] for each in tabs if each["type"] == "page")
                async with session.ws_connect(target, max_msg_size=0) as socket:
                    yield Tab(socket)
            drain.cancel()
        finally:
            process.terminate()
            await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass
