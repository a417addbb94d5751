"""Reading the rules by which instructions to a model are found: TOML files, one for each language or subject.

A file has lists of words and rules. What a rule looks for is a pattern of RE2 over text without capitals, accents and
look-alikes, with four shorthands:

- a space is what parts two words, punctuation within a sentence included;
- ` ..3 ` is up to three words of the same sentence, or characters where words are not parted by spaces;
- `~` is the rest of a word;
- `{name}` is any of the file's words of that name, and `{start}` the beginning of a sentence or line.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from groundwire_server.domain.failure import GroundwireError

_FOLDER: Final = "rules"
_PACKAGE: Final = __package__ or ""

_START: Final = r"(?:^|[.!?:;][\"')\]*_]*\s+|\n[\s>*#|-]*|[\[\"(<>*#|]\s*|--+\s*)"
"""What stands before the beginning of a sentence or line."""

_NAME: Final = re.compile(r"\{([a-z_]+)\}")
_SHORTHAND: Final = re.compile(r" \.\.(\d+) | |~|\{start\}")
_BEGINS_WITH_WORD: Final = re.compile(r"(?!\{start\}|\(\?:(?:\{start\}|\^|<))[a-z0-9({]")
_ENDS_IN_WORD: Final = re.compile(r"[a-z0-9})?]$")


class Screened(StrEnum):
    """What a rule is for."""

    QUESTION = "question"
    EVIDENCE = "evidence"


class Spelling(StrEnum):
    """How the text is written that the rules of a file look at."""

    LATIN = "latin"
    """Without accents and look-alikes."""

    SPACED = "spaced"
    """In another script, with spaces between words."""

    UNSPACED = "unspaced"
    """In a script without spaces between words."""


class RuleFileError(GroundwireError):
    """A file of rules that cannot be read: where, and what is wrong."""


@dataclass(frozen=True, slots=True)
class _Shorthands:
    """Patterns of what stands between two words, of a word, and of the rest of one."""

    part: str
    word: str
    rest: str


_SHORTHANDS: Final[Mapping[Spelling, _Shorthands]] = {
    # The fewer characters beyond ASCII a class names, the smaller the automaton.
    Spelling.LATIN: _Shorthands(r"(?:[\t-\r \"--/:->[-`{-~]+)", r"[a-z0-9'-]+(?:\.[a-z0-9'-]+)*", "[a-z0-9-]*"),
    Spelling.SPACED: _Shorthands(r"(?:[\t-\r \"--/:->[-`{-~«»„“”،؛–—]+)", r"[^\x00-/:-@[-`{-~]+", r"[^\x00-@[-`{-~]*"),
    Spelling.UNSPACED: _Shorthands(r"[\s,;:\"'、，：「」『』“”（）()*_-]*", r"[^\n.!?]", ""),
}


@dataclass(frozen=True, slots=True)
class InstructionRule:
    """One thing that is looked for.

    Attributes:
        name: with that of its file before it.
        category: that of what it finds.
        description: what it finds, in words.
        pattern: in RE2's syntax.
        needs: short words or signs of which a text has one that it finds something in; empty where `pattern` says so by
            long ones.
        squeezed: the same where spaces between words are lost; for text whose letters stood apart.
        unless: a pattern of what a sentence has that makes it harmless; empty for nothing.
        marks: whether it looks for signs more than for words.
        clue: whether it takes another clue nearby to make a finding.
        screens: what it is for.
        spelling: of the text that it looks at.
        found: examples that it finds.
        spared: similar texts that it does not.
    """

    name: str
    category: str
    description: str
    pattern: str
    needs: str
    squeezed: str
    unless: str
    marks: bool
    clue: bool
    screens: frozenset[Screened]
    spelling: Spelling
    found: Sequence[str]
    spared: Sequence[str]


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """All rules, and which version of them it is.

    Attributes:
        rules: in the order of the files' names.
        digest: the beginning of the SHA-256 of the files.
    """

    rules: Sequence[InstructionRule]
    digest: str


def read_rules() -> RuleFiles:
    """Read the rules that the package brings.

    Raises:
        RuleFileError: for the first that is wrong.
    """
    rules = tuple(rule for name, content in _contents().items() for rule in parse_rules(name, content.decode()))
    return RuleFiles(rules, rules_digest())


@cache
def rules_digest() -> str:
    """Return what tells two versions of the rules that the package brings apart, without reading them."""
    return hashlib.sha256(b"\0".join(_contents().values())).hexdigest()[:8]


def parse_rules(name: str, content: str) -> Iterator[InstructionRule]:
    """Yield the rules of a file.

    Args:
        name: of the file, without its ending.
        content: of the file.

    Raises:
        RuleFileError: what is wrong with it.
    """
    try:
        tables = tomllib.loads(content)
        spelling = Spelling(tables["spelling"])
        words: Mapping[str, Sequence[str]] = tables.get("words", {})
        for table in tables["rules"]:
            yield _rule(f"{name}/{table['name']}", table, words, spelling)
    except (KeyError, ValueError) as error:
        raise RuleFileError(f"{name}: {error}") from None


def _contents() -> Mapping[str, bytes]:
    """Return the files of rules by their names without ending, in the order of the names."""
    folder = files(_PACKAGE) / _FOLDER
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=_name_of)
    return {each.name.removesuffix(".toml"): each.read_bytes() for each in found}


def _name_of(file: Traversable) -> str:
    return file.name


def _rule(
    name: str, table: Mapping[str, Any], words: Mapping[str, Sequence[str]], spelling: Spelling
) -> InstructionRule:
    pattern = _with_words(table["pattern"], words)
    unless, needs = (_with_words(table.get(name, ""), words) for name in ("unless", "needs"))
    return InstructionRule(
        name=name,
        category=table["category"],
        description=table["description"],
        pattern=_bounded(_expanded(pattern, spelling), pattern, spelling),
        needs=_bounded(_expanded(needs, spelling), needs, spelling),
        squeezed=_expanded(pattern, Spelling.UNSPACED),
        unless=_bounded(_expanded(unless, spelling), unless, spelling),
        marks=table.get("marks", False),
        clue=table.get("clue", False),
        screens=frozenset(map(Screened, table.get("screens", list(Screened)))),
        spelling=spelling,
        found=table["found"],
        spared=table["spared"],
    )


def _with_words(shorthand: str, words: Mapping[str, Sequence[str]]) -> str:
    """Return a pattern with words in place of their lists' names."""

    def listed(found: re.Match[str]) -> str:
        name = found[1]
        return found[0] if name == "start" else f"(?:{'|'.join(_with_words(word, words) for word in words[name])})"

    return _NAME.sub(listed, shorthand)


def _expanded(shorthand: str, spelling: Spelling) -> str:
    """Return the pattern of RE2 that a shorthand stands for."""
    signs = _SHORTHANDS[spelling]

    def pattern(found: re.Match[str]) -> str:
        match found[0]:
            case " ":
                return signs.part
            case "~":
                return signs.rest
            case "{start}":
                return "" if spelling is Spelling.UNSPACED else _START
            case _ if spelling is Spelling.UNSPACED:
                return f"{signs.word}{{0,{found[1]}}}"
            case _:
                return f"(?:{signs.part}{signs.word}){{0,{found[1]}}}{signs.part}"

    return _SHORTHAND.sub(pattern, shorthand)


def _bounded(pattern: str, shorthand: str, spelling: Spelling) -> str:
    """Return a pattern that begins and ends where words do."""
    if spelling is not Spelling.LATIN or not pattern:
        return pattern
    before = r"\b" if _BEGINS_WITH_WORD.match(shorthand) else ""
    after = r"(?:\b|\W|$)" if _ENDS_IN_WORD.search(shorthand) else ""
    return f"{before}(?:{pattern}){after}"
