"""Finding what a model, or the template of its chats, could take for more than text: special tokens, tags, roles."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from groundwire_server.domain.fencing.hidden import AT_HIDDEN, MAY_BE_HIDDEN
from groundwire_server.domain.fencing.skeleton import LETTERS, alike, skeleton

_TAGS: Final = ("passage", "title", "turn", "question", "draft", "given", "statement")
"""The names of a prompt's own tags."""

_ROLES: Final = ("system", "user", "human", "assistant", "developer", "chatbot", "bot", "ai", "instruction", "response")
_NAMES: Final = (
    *_TAGS,
    *_ROLES,
    *("answer", "artifact", "channel", "context", "document", "example", "final", "fim", "function", "im", "input"),
    *("inst", "invoke", "message", "model", "parameter", "prompt", "reasoning", "reminder", "role", "source", "sys"),
    *("think", "thinking", "thought", "tool", "antml", "endoftext", "startoftext", "bos", "eos", "pad", "unk", "mask"),
    *("cls", "sep", "sop", "eop", "eod", "eoh", "eoa", "unused", "reserved"),
)
"""What tags are called that say who speaks, or what is material and what an instruction."""

_BRACKETED: Final = (
    *_ROLES,
    *("inst", "sys", "cls", "sep", "mask", "gmask", "smask", "pad", "unk", "bos", "eos", "img", "think", "audio"),
    *("tool", "available", "prefix", "suffix", "middle", "unused", "args", "call", "endofturn"),
)
_OF_ROLE: Final = ("prompt", "message", "instruction", "instructions", "turn", "input", "override")
"""What may stand behind a role: "System prompt:"."""

_BEFORE: Final = 32
_AFTER: Final = 64
"""Code points around a sign that decide."""


def _spaced(names: Iterable[str]) -> str:
    """Return a pattern of names whose letters may be apart."""
    return "|".join(r"[\s\0._-]?".join(name) for name in sorted(names, key=len, reverse=True))


def _endings() -> str:
    """Return a pattern of what stands after the last two letters of a word that may be before a role's colon."""
    before: dict[str, set[str]] = {}
    for word in (*_ROLES, *_OF_ROLE):
        before.setdefault(word[-1], set()).update(word[-2])
    return "|".join(f"(?<=[{last}{last.upper()}].)(?<=[{_both(others)}]..)" for last, others in before.items())


def _both(letters: Iterable[str]) -> str:
    return "".join(f"{letter}{letter.upper()}" for letter in sorted(letters))


def _suspect(first: str, at_hidden: str, signs: Mapping[str, str], letters: str) -> re.Pattern[str]:
    """Return the pattern that nearly all texts pass at once: a sign that begins what could be taken for a marker.

    One class of characters comes first: a pattern that begins with alternatives is tried at every character.

    Args:
        first: a class that has all characters that are not seen.
        at_hidden: what stands after one that is left out.
        signs: those of markers, each with its look-alikes.
        letters: look-alikes of letters.
    """
    starts = _both({role[0] for role in _ROLES})
    return re.compile(
        f"[{first}{''.join(signs.values())}](?:"
        rf"(?<=[{signs[':']}])(?:{_endings()}|(?<=[\s*_{letters}].))"
        rf"|(?<=[{signs['<']}])(?=[\s/<|!]{{0,6}}[^\W\d]|[^\x00-\x7f])"
        rf"|(?<=[{signs['[']}])(?=[\s/|]{{0,4}}[^\W\d]|[^\x00-\x7f])"
        rf"|(?<=[{signs['#']}])(?=[\s*_]{{0,4}}[{starts}{letters}])"
        f"|(?<=[{_BREAKS}])|{at_hidden})"
    )


_SIGNS: Final = "<[#:"
_CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f"
_BREAKS: Final = "\x0b-\x0d\x1c-\x1f\x85\u2028\u2029"
_IN_ASCII: Final = _suspect(_CONTROLS, f"(?<=[{_CONTROLS}])", {sign: f"\\{sign}" for sign in _SIGNS}, "")
_IN_ANY: Final = _suspect(MAY_BE_HIDDEN + _BREAKS, AT_HIDDEN, {sign: alike(sign) for sign in _SIGNS}, LETTERS)

_TAG: Final = re.compile(
    # Between strokes or with one: <|im_start|>, <｜User｜>, <|"turn|>, <turn|>.
    r"<[\s/<]{0,6}(?:\|[\s/]{0,4}[\w]|\w{1,40}\s?\|"
    # By its name: <system>, <<SYS>>, </passage>, <invoke>.
    rf"|(?:[a-z]{{1,12}}[\s:_.-])?(?:{_spaced(_NAMES)})s?(?!(?-i:[a-z]))"
    # Of words with low lines, as no tag of HTML is: <start_of_turn>, <tool_call>.
    r"|[a-z0-9]{1,30}(?:_[a-z0-9]{1,30}){1,6}\s{0,2}[>|]"
    # <s>, </s>.
    r"|s\s{0,2}>)",
    re.IGNORECASE,
)
_BRACKET: Final = re.compile(
    rf"\[[\s/]{{0,4}}(?:\||(?:{_spaced(_BRACKETED)})s?(?:[\s_]\w{{1,16}}){{0,4}}\s{{0,2}}[\]|:])", re.IGNORECASE
)
_WHO: Final = rf"(?:{_spaced(_ROLES)})s?(?:\s(?:{_spaced(_OF_ROLE)}))?"
_HEADING: Final = re.compile(rf"#[\s*_]{{0,4}}{_WHO}[\s*_:]{{0,4}}(?:\n|\Z)", re.IGNORECASE)
_SPEAKER: Final = re.compile(rf"(?<!(?-i:[a-z0-9])){_WHO}[\s*_]{{0,4}}:\Z", re.IGNORECASE)


def suspicious(text: str) -> bool:
    """Return whether a text may have markers, or characters that are not seen; most have not."""
    return (_IN_ASCII if text.isascii() else _IN_ANY).search(text) is not None


def fences(name: str) -> bool:
    """Return whether a tag of this name is a marker, so that no text of others holds one that is left as it is."""
    return any(True for _ in marker_signs(f"<{name}>"))


def marker_signs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the sign by which each marker is one, with its place in code points.

    That is the bracket of a token or tag, the colon after a role, or the last number sign before one. Without it what
    is left is text.

    Args:
        text: without characters that are not seen.
    """
    suspects = [(found.start(), found[0]) for found in (_IN_ASCII if text.isascii() else _IN_ANY).finditer(text)]
    # All of it at once costs less than many stretches.
    whole = skeleton(text) if len(suspects) * _AFTER > len(text) else None
    for place, character in suspects:
        start, end = max(0, place - _BEFORE), place + _AFTER
        around = skeleton(text[start:end]) if whole is None else whole[start:end]
        at = place - start
        match sign := skeleton(character):
            case "<":
                marks = _TAG.match(around, at)
            case "[":
                marks = _BRACKET.match(around, at)
            case "#":
                marks = _HEADING.match(around, at)
            case ":":
                marks = _SPEAKER.search(around[: at + 1])
            case _:
                marks = None
        if marks is not None:
            yield place, sign
