"""Regular expressions that a policy names."""

from collections.abc import Sequence

from groundwire_server.adapters.guards.linear_patterns import LinearPatterns
from groundwire_server.domain.guards.finding import Finding


class PatternsGuard:
    """A LocalGuard that looks for what patterns match.

    Args:
        patterns: in RE2's syntax.
        category: of what is found.

    Raises:
        PatternError: for the first that cannot be run.
    """

    by_word = False
    finds_data = True

    def __init__(self, patterns: Sequence[str], category: str) -> None:
        self._category = category
        self._written = patterns
        self._patterns = LinearPatterns({f"patterns.{place}": pattern for place, pattern in enumerate(patterns)})

    def find(self, text: str) -> Sequence[Finding]:
        """Return every stretch that a pattern matches; one that matches nothing at a place is no finding."""
        found = [
            Finding(self._category, start, end, name) for name, start, end in self._patterns.find(text) if start < end
        ]
        return sorted(found, key=lambda each: (each.start, each.end))

    def about(self, rule: str) -> str:
        """Return the pattern of that name."""
        return self._written[int(rule.removeprefix("patterns."))]
