"""The tests' Weaviate in a process of its own: it says on which two ports it listens."""

import asyncio

from tests.doubles.weaviate.server import FakeWeaviate


async def serve() -> None:
    async with FakeWeaviate() as double:
        double.world.keep_calls = False
        print(f"listening on {double.http_port},{double.grpc_port}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
