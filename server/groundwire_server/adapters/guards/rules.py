"""Guards that are files of rules: patterns, what their matches have to pass, and the words that stand beside them."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from groundwire_server.adapters.guards.linear_patterns import LinearPatterns
from groundwire_server.domain.guards.finding import Finding

Check = Callable[[str], int]
"""How many characters from its beginning count of what a pattern matches; 0 where it is something else."""

_BEFORE: Final = 48
_RIGHT_BEFORE: Final = 20
_AFTER: Final = 24
"""How far from a match words may stand, in code points."""

_LETTER: Final = r"A-Za-z\u00aa-\u058f"
_NOT_IN_WORD: Final = (rf"[\d_{_LETTER}]$", rf"^[\d_{_LETTER}]")
_NOT_IN_NUMBER: Final = (
    rf"(?:[\d_{_LETTER}#=&%$€£@\\+*]|\d[.,:/-]|[A-Za-z][/-])$",
    rf"^(?:[\d_{_LETTER}%@=\\*]|[.,:/-]\d|[/-][A-Za-z])",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes a match of a pattern a finding.

    Attributes:
        category: of what is found.
        check: that it has to pass.
        near: one of these words has to stand beside it.
        kinds: instead of both: words, and the check that it has to pass where one of them stands beside it.
        unless: none of these words may stand right before it.
        not_before: what may not end right before it.
        not_after: what may not begin right after it.
    """

    category: str
    check: Check | None
    near: re.Pattern[str] | None
    kinds: Sequence[tuple[re.Pattern[str], Check]]
    unless: re.Pattern[str] | None
    not_before: re.Pattern[str]
    not_after: re.Pattern[str]

    def length(self, text: str, start: int, end: int) -> int:
        """Return how many characters of a match count; 0 where it is no finding."""
        words = text[start:end]
        length = len(words) if self.check is None else self.check(words)
        if not length:
            return 0
        before, after = text[max(0, start - _BEFORE) : start], text[start + length : start + length + _AFTER]
        if self.not_before.search(before) or self.not_after.search(after):
            return 0
        if self.unless and self.unless.search(before[-_RIGHT_BEFORE:].casefold()):
            return 0
        around = f"{before}\n{after}".casefold() if self.near or self.kinds else ""
        if self.near and not self.near.search(around):
            return 0
        if self.kinds:
            return max((check(words) for near, check in self.kinds if near.search(around)), default=0)
        return length


class RuleBook:
    """Rules in the order in which they count.

    Args:
        version: of the file that they are from.
        rules: by name.
        patterns: of the rules, in the syntax of RE2. A group `found` is what is found; without one all of a match is.
    """

    def __init__(self, version: str, rules: Mapping[str, Rule], patterns: Mapping[str, str]) -> None:
        self.version = version
        self._rules = rules
        self._order = {name: place for place, name in enumerate(rules)}
        self._patterns = LinearPatterns(patterns)

    def __repr__(self) -> str:
        return f"RuleBook({self.version}, {len(self._rules)})"

    @property
    def categories(self) -> frozenset[str]:
        """What may be found."""
        return frozenset(rule.category for rule in self._rules.values())

    def find(self, text: str) -> Sequence[Finding]:
        """Return what the rules find, in the order of the text; where matches overlap, that of the first rule."""
        kept: list[Finding] = []
        for finding in sorted(self._findings(text), key=lambda each: each.start):
            if not kept or finding.start >= kept[-1].end:
                kept.append(finding)
            elif self._order[finding.rule] < self._order[kept[-1].rule]:
                kept[-1] = finding
        return kept

    def _findings(self, text: str) -> Iterator[Finding]:
        for name, start, end in self._patterns.find(text):
            rule = self._rules[name]
            if length := rule.length(text, start, end):
                yield Finding(rule.category, start, start + length, name)


def read_rules(name: str, checks: Mapping[str, Check], categories: Collection[str]) -> RuleBook:
    """Read the rules of some categories from a file of this package.

    Args:
        name: of the file.
        checks: by the names that rules have for them.
        categories: that are looked for.
    """
    content = tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))
    words = {each: words_pattern(written) for each, written in content.get("words", {}).items()}
    kinds = {
        each: tuple((words_pattern(near), checks[kind]) for kind, near in written.items())
        for each, written in content.get("kinds", {}).items()
    }
    chosen = [each for each in content["rules"] if each["category"] in categories]
    rules = {each["name"]: _rule(each, checks, words, kinds) for each in chosen}
    return RuleBook(content["version"], rules, {each["name"]: each["pattern"] for each in chosen})


def _rule(
    written: Mapping[str, Any],
    checks: Mapping[str, Check],
    words: Mapping[str, re.Pattern[str]],
    kinds: Mapping[str, Sequence[tuple[re.Pattern[str], Check]]],
) -> Rule:
    not_before, not_after = _NOT_IN_NUMBER if written.get("number", False) else _NOT_IN_WORD
    if written.get("alone", False):
        not_before, not_after = rf"(?:{not_before}|\d $)", rf"(?:{not_after}|^ \d)"
    return Rule(
        category=written["category"],
        check=checks[written["check"]] if "check" in written else None,
        near=words[written["near"]] if "near" in written else None,
        kinds=kinds[written["near_kinds"]] if "near_kinds" in written else (),
        unless=re.compile(rf"(?:{words[written['unless']].pattern})[^\w\n]{{0,4}}$") if "unless" in written else None,
        not_before=re.compile(written.get("not_before", not_before)),
        not_after=re.compile(written.get("not_after", not_after)),
    )


def words_pattern(words: Collection[str]) -> re.Pattern[str]:
    """Return a pattern of whole words in lower case; one that ends with a star may go on."""
    whole = sorted((each for each in words if not each.endswith("*")), key=len, reverse=True)
    begun = [each.removesuffix("*") for each in words if each.endswith("*")]
    letter = _LETTER.replace("A-Z", "")
    alternatives = [
        *([rf"(?:{'|'.join(map(re.escape, whole))})(?![{letter}])"] if whole else []),
        *([rf"(?:{'|'.join(map(re.escape, begun))})[{letter}]*"] if begun else []),
    ]
    return re.compile(rf"(?<![{letter}])(?:{'|'.join(alternatives)})")
