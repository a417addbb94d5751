"""Counters of tokens whose counts can be done in the head."""

from dataclasses import dataclass

from groundwire_server.ports.tokens import ModelTokens


@dataclass(frozen=True)
class QuarterCounter:
    """Counts a token for every four bytes of UTF-8, rounded up."""

    name: str = "quarters"
    exact: bool = True

    def count(self, text: str) -> int:
        return -(-len(text.encode()) // 4)


QUARTERS = ModelTokens(QuarterCounter())
