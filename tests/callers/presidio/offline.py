"""What presidio's recognisers find, in a process that can reach no other host: prints it as JSON, by text."""

import json
import socket
import sys
from typing import NoReturn

TEXTS = [
    "Write to anna@firma.example or call +49 30 901820.",
    "Pay to DE89 3704 0044 0532 0130 00 with 4539 1488 0343 6467 from 93.184.216.34.",
    "PESEL 44051401359, Steuer-ID 86095742719",
    "Anna Kowalska lives at 12 Baker Street.",
]


def unreachable(*_: object, **__: object) -> NoReturn:
    """Refuse to look up or to connect to anything.

    Raises:
        SystemExit: always.
    """
    sys.exit("something reached for the network")


if __name__ == "__main__":
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, unreachable)
    socket.getaddrinfo = unreachable
    socket.create_connection = unreachable

    # Only now, so that whatever is reached for while modules are imported is seen too.
    from groundwire_server.adapters.guards.presidio import PresidioGuard

    guard = PresidioGuard()
    found = {text: [(each.category, text[each.start : each.end]) for each in guard.find(text)] for text in TEXTS}
    from spacy.util import get_installed_models  # type: ignore[import-not-found,unused-ignore]

    print(json.dumps({"found": found, "models": get_installed_models()}))
