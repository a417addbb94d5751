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

_BEFORE: Final = 64
_RIGHT_BEFORE: Final = 20
_AFTER: Final = 24
"""How far from a match words may stand, in code points."""

_LETTER: Final = "A-Za-z\u00aa-\u058f"
"""Letters of the scripts that put spaces between words."""

_NOT_IN_WORD: Final = (rf"[\d_{_LETTER}]$", rf"^[\d_{_LETTER}]")
_NOT_IN_NUMBER: Final = (
    rf"(?:[\d_{_LETTER}#%$€£@\\+]|\d[.,:/-]|[A-Za-z][/-]|[?&][\w.-]*=)$",
    rf"^(?:[\d_{_LETTER}%@\\]|[.,:/-]\d|[/-][A-Za-z])",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes a match of a pattern a finding.

    Attributes:
        category: of what is found.
        description: what it looks for, as a sentence.
        check: that it has to pass.
        reach: characters from its beginning that the check is given, where it has fewer.
        near: the list of words of which one has to stand beside it; empty for none.
        kinds: instead of both: lists of words, each with the check that it has to pass where one of them is beside it.
        unless: the lists of words of which none may stand right before it.
        not_before: what may not end right before it.
        not_after: what may not begin right after it.
    """

    category: str
    description: str
    check: Check | None
    reach: int
    near: str
    kinds: Mapping[str, Check]
    unless: frozenset[str]
    not_before: re.Pattern[str]
    not_after: re.Pattern[str]

    def length(self, text: str, start: int, end: int, words: "WordLists") -> int:
        """Return how many characters of a match count; 0 where it is no finding."""
        match = text[start : max(end, start + self.reach)]
        length = len(match) if self.check is None else self.check(match)
        if not length:
            return 0
        before, after = text[max(0, start - _BEFORE) : start], text[start + length : start + length + _AFTER]
        if self.not_before.search(before) or self.not_after.search(after):
            return 0
        if self.unless and not self.unless.isdisjoint(words.ending(before[-_RIGHT_BEFORE:])):
            return 0
        if not self.near and not self.kinds:
            return length
        beside = words.within(f"{before}\n{after}")
        if self.kinds:
            return max((self.kinds[each](match) for each in beside if each in self.kinds), default=0)
        return length if self.near in beside else 0


class WordLists:
    """Lists of words that stand beside what is found, in any language.

    Args:
        lists: by name. A star at the end of a word stands for any ending, one at its beginning for what it is composed
            with.
    """

    def __init__(self, lists: Mapping[str, Collection[str]]) -> None:
        patterns = {name: _alternatives(words) for name, words in lists.items()}
        letter = _LETTER.replace("A-Z", "")
        self._within = LinearPatterns({name: rf"{each}(?:$|[^{letter}])" for name, each in patterns.items()})
        self._ending = LinearPatterns({name: rf"{each}[^\w\n]{{0,4}}$" for name, each in patterns.items()})

    def within(self, text: str) -> Collection[str]:
        """Return the names of the lists of which a text has a word."""
        return self._within.names_in(text.casefold())

    def ending(self, text: str) -> Collection[str]:
        """Return the names of the lists with a word of which a text ends, but for punctuation."""
        return self._ending.names_in(text.casefold())


def _alternatives(words: Collection[str]) -> str:
    letter = _LETTER.replace("A-Z", "")
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for each in words:
        kinds.setdefault((each.startswith("*"), each.endswith("*")), []).append(re.escape(each.strip("*").casefold()))
    alternatives = [
        ("" if any_before else rf"(?:^|[^{letter}])") + f"(?:{'|'.join(some)})" + (f"[{letter}]*" if any_after else "")
        for (any_before, any_after), some in kinds.items()
    ]
    return f"(?:{'|'.join(alternatives)})"


class RuleBook:
    """Rules in the order in which they count.

    Args:
        rules: by name.
        patterns: of the rules, in the syntax of RE2. A group `found` is what is found; without one all of a match is.
        words: that the rules name.
    """

    def __init__(
        self, rules: Mapping[str, Rule], patterns: Mapping[str, str], words: Mapping[str, Collection[str]]
    ) -> None:
        self._words = WordLists(words)
        self._rules = rules
        self._order = {name: place for place, name in enumerate(rules)}
        self._patterns = LinearPatterns(patterns)

    def __repr__(self) -> str:
        return f"RuleBook({len(self._rules)})"

    def find(self, text: str) -> Sequence[Finding]:
        """Return what the rules find, in the order of the text; where matches overlap, that of the first rule."""
        kept: list[Finding] = []
        for finding in sorted(self._findings(text), key=lambda each: each.start):
            if not kept or finding.start >= kept[-1].end:
                kept.append(finding)
            elif self._order[finding.rule] < self._order[kept[-1].rule]:
                kept[-1] = finding
        return kept

    def about(self, rule: str) -> str:
        """Return what a rule looks for."""
        return self._rules[rule].description

    def _findings(self, text: str) -> Iterator[Finding]:
        for name, start, end in self._patterns.find(text):
            rule = self._rules[name]
            if length := rule.length(text, start, end, self._words):
                yield Finding(rule.category, start, start + length, name)


def read_rules(
    names: Sequence[str], checks: Mapping[str, Check], categories: Collection[str], words: str | None = None
) -> RuleBook:
    """Read the rules of some categories from files of this package.

    Args:
        names: of the files, the one whose rules count first before others.
        checks: by the names that rules have for them.
        categories: that are looked for.
        words: the file with the lists of words that the rules name; None where they name none.
    """
    beside = {} if words is None else _content(words)
    kinds: Mapping[str, Mapping[str, Collection[str]]] = beside.get("kinds", {})
    chosen = [each for name in names for each in _content(name)["rules"] if each["category"] in categories]
    rules = {each["name"]: _rule(each, checks, kinds) for each in chosen}
    lists = {**beside.get("words", {}), **{kind: each for some in kinds.values() for kind, each in some.items()}}
    return RuleBook(rules, {each["name"]: each["pattern"] for each in chosen}, lists)


def _content(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


def _rule(
    written: Mapping[str, Any], checks: Mapping[str, Check], kinds: Mapping[str, Mapping[str, Collection[str]]]
) -> Rule:
    not_before, not_after = _NOT_IN_NUMBER if written.get("number", False) else _NOT_IN_WORD
    if written.get("alone", False):
        not_before, not_after = rf"(?:{not_before}|\d $)", rf"(?:{not_after}|^ \d)"
    return Rule(
        category=written["category"],
        description=written["description"],
        check=checks[written["check"]] if "check" in written else None,
        reach=written.get("reach", 0),
        near=written.get("near", ""),
        kinds={kind: checks[kind] for kind in kinds[written["near_kinds"]]} if "near_kinds" in written else {},
        unless=frozenset(written.get("unless", ())),
        not_before=re.compile(written.get("not_before", not_before)),
        not_after=re.compile(written.get("not_after", not_after)),
    )
