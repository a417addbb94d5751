"""A terminal to ask on."""

import io


class Teletype(io.StringIO):
    """A terminal at which somebody types a text."""

    def isatty(self) -> bool:
        return True
