"""Finding what rules look for in a text."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Final

from groundwire_server.adapters.guards.instructions.reading import Reading
from groundwire_server.adapters.guards.instructions.rule_files import (
    InstructionRule,
    RuleFiles,
    Screened,
    Spelling,
    read_rules,
)
from groundwire_server.adapters.guards.linear_patterns import FilteredPatterns, LinearPatterns

_SENTENCE: Final = 240
"""Code points on either side of what was found in which its sentence is looked for."""

_NEARBY: Final = 300
"""Code points within which two clues belong together."""

_ENDS: Final = ".!?\n。！？"


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """What a rule found, in code points of what was read."""

    rule: InstructionRule
    start: int
    end: int


class RuleSet:
    """Rules that are looked for together, whichever screen they are for.

    Args:
        files: the rules.
    """

    def __init__(self, files: RuleFiles) -> None:
        self.digest = files.digest
        self._rules = {rule.name: rule for rule in files.rules}
        latin = [rule for rule in files.rules if rule.spelling is Spelling.LATIN]
        needing = [rule for rule in latin if rule.needs]
        self._needs = LinearPatterns({rule.name: rule.needs for rule in needing})
        self._needing = {rule.name: LinearPatterns({rule.name: rule.pattern}) for rule in needing}
        self._marks = LinearPatterns({rule.name: rule.pattern for rule in latin if rule.marks})
        self._plain = FilteredPatterns({rule.name: rule.pattern for rule in latin if not (rule.marks or rule.needs)})
        self._native = FilteredPatterns(
            {rule.name: rule.pattern for rule in files.rules if rule.spelling is not Spelling.LATIN}
        )
        self._unless = LinearPatterns({rule.name: rule.unless for rule in files.rules if rule.unless})

    def __repr__(self) -> str:
        return f"RuleSet({self.digest})"

    def about(self, name: str) -> str:
        """Return what a rule looks for; empty where there is none of that name."""
        return self._rules[name].description if name in self._rules else ""

    def find(self, reading: Reading, screened: Screened) -> Iterator[RuleMatch]:
        """Yield what rules find in a text that was read; two different clues that stand together are one."""
        found = [*self._found(reading.plain, self._plain), *self._found(reading.plain, self._marks)]
        for name in self._needs.names_in(reading.plain):
            if screened in self._rules[name].screens:
                found += self._found(reading.plain, self._needing[name])
        if not reading.native.isascii():
            found += self._found(reading.native, self._native)
        if not found:
            return
        found = [each for each in found if screened in each.rule.screens]
        clues = sorted((each for each in found if each.rule.clue), key=_place)
        yield from (each for each in found if not each.rule.clue)
        for first, second in pairwise(clues):
            if first.rule is not second.rule and second.start - first.end <= _NEARBY:
                yield RuleMatch(first.rule, first.start, max(first.end, second.end))

    def find_squeezed(self, reading: Reading, screened: Screened) -> Iterator[RuleMatch]:
        """Yield what rules find in a text that has lost the spaces between its words."""
        for name, start, end in self._squeezed.find(reading.plain):
            rule = self._rules[name]
            if screened in rule.screens:
                yield RuleMatch(rule, start, end)

    @cached_property
    def _squeezed(self) -> FilteredPatterns:
        """What hardly any text needs: it is made when the first does."""
        return FilteredPatterns(
            {
                name: rule.squeezed
                for name, rule in self._rules.items()
                if rule.spelling is Spelling.LATIN and not (rule.clue or rule.marks)
            }
        )

    def _found(self, text: str, patterns: LinearPatterns | FilteredPatterns) -> Iterator[RuleMatch]:
        for name, start, end in patterns.find(text):
            rule = self._rules[name]
            if not rule.unless or name not in self._unless.names_in(_sentence(text, start, end)):
                yield RuleMatch(rule, start, end)


@cache
def built_in_rules() -> RuleSet:
    """Return the rules that the package brings: guards of both screens share them."""
    return RuleSet(read_rules())


def _place(found: RuleMatch) -> tuple[int, int]:
    return found.start, found.end


def _sentence(text: str, start: int, end: int) -> str:
    """Return the sentence around a stretch, as far as it is near."""
    first, last = max(0, start - _SENTENCE), min(len(text), end + _SENTENCE)
    before = max(text.rfind(sign, first, start) for sign in _ENDS)
    after = min((place for place in (text.find(sign, end, last) for sign in _ENDS) if place >= 0), default=last)
    return text[max(first, before + 1) : after]
