"""The `groundwire` command, also as `python -m groundwire_server`."""

import os
import sys

from groundwire_server.cli.main import run


def main() -> None:
    """Run the command with this process's arguments."""
    # Before anything imports numpy: its products here are too small to share, and its threads take the cores from
    # each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run())


if __name__ == "__main__":
    main()
