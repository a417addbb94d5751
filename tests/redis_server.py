"""A real Redis of a test's own, where one is installed."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMAND = shutil.which("redis-server")

needs_redis = pytest.mark.skipif(
    COMMAND is None, reason="redis-server is not installed: apt-get install redis-server (package redis-server)"
)


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    """Run a Redis that keeps nothing; yield its URL.

    Args:
        folder: for its socket; a path of at most 90 characters.
        options: further ones of `redis-server`, such as `--maxmemory 1mb`.
    """
    path = folder / "redis.sock"
    command = [str(COMMAND), "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # a test's own Redis
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "ready to accept connections" in line.lower():
                    break
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
            yield f"unix://{path}"
        finally:
            process.terminate()
