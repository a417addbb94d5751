"""Configurations for servers beside each other on one machine."""

from pathlib import Path

from groundwire_server.app.configuration.load import Sources


def beside(folder: Path, *, embedder: str | None = "local", file: Path | None = None) -> Sources:
    """What is built in, on a free port and with its documents in a folder of its own."""
    flags = {
        "--listen": (("server", "listen"), "127.0.0.1:0"),
        "--data": (("stores", "main", "folder"), str(folder)),
        "--embedder": (("stores", "main", "embedder"), embedder),
    }
    return Sources(file, {}, flags)
