"""`groundwire version`."""


def version() -> None:
    """Print the installed versions."""
    import platform  # noqa: PLC0415  # imports what --help does not need
    from importlib.metadata import version as installed  # noqa: PLC0415

    print(f"groundwire {installed('groundwire-server')}")
    print(f"client {installed('groundwire')}, grpcio {installed('grpcio')}, Python {platform.python_version()}")
