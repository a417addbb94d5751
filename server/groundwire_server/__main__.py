"""The `groundwire` command, also as `python -m groundwire_server`."""

import sys

from groundwire_server.cli.main import run


def main() -> None:
    """Run the command with this process's arguments."""
    sys.exit(run())


if __name__ == "__main__":
    main()
