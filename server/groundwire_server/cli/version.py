"""`groundwire version`."""

import platform
from importlib.metadata import version as installed


def version() -> None:
    """Print what is installed."""
    print(f"groundwire {installed('groundwire-server')}")
    print(f"client {installed('groundwire')}, grpcio {installed('grpcio')}, Python {platform.python_version()}")
