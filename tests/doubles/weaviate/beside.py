"""The double beside a test that has no event loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.doubles.weaviate.server import FakeWeaviate

KEY = "secret-key"


@contextmanager
def weaviate_beside(key: str | None = KEY) -> Iterator[FakeWeaviate]:
    """A double on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    double = FakeWeaviate()
    double.world.key = key
    try:
        asyncio.run_coroutine_threadsafe(double.__aenter__(), loop).result(30)
        try:
            yield double
        finally:
            asyncio.run_coroutine_threadsafe(double.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def configuration(folder: Path, double: FakeWeaviate, store: str = "", route: str = "", key: str = KEY) -> Path:
    """A configuration's file whose store is in the double; more of the store and the route as YAML lines."""
    (folder / "weaviate-key").write_text(key)
    path = folder / "groundwire.yaml"
    lines = [
        "server: {listen: 127.0.0.1:0}",
        "stores:",
        "  main:",
        "    kind: weaviate",
        f"    http: 127.0.0.1:{double.http_port}",
        f"    grpc: 127.0.0.1:{double.grpc_port}",
        f"    api_key: file://{folder / 'weaviate-key'}",
        *(f"    {line}" for line in store.splitlines()),
        "routes:",
        "  default:",
        "    models: [extractive]",
        "    store: main",
        *(f"    {line}" for line in route.splitlines()),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path
