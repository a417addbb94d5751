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
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_STARTED = b"DevTools listening on "


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

    async def open(self, page: Path) -> None:
        """Open a file and wait until it is shown."""
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility", "DOM"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._note(await self._socket.receive_json(timeout=60))

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; the page's own policy does not bind the debugger."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

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
