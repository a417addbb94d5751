"""Versions of prompts, labels that point at them, and all of both as one value."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import auto
from hashlib import sha256
from json import dumps
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.vocabulary import Word

PRODUCTION: Final = "production"
"""The label that a route follows unless it names another label or a version."""

NAME_PATTERN: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""Names of prompts and of labels."""

VERSION_PATTERN: Final = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
"""Numbers of versions; none begins with a zero, so that one number has one spelling."""

MOST_BYTES: Final = 262_144
"""The longest template, in bytes of UTF-8."""


class UnknownPromptError(SetupError):
    """A route names a prompt, a version or a label that there is not, or one that cannot be used."""


class PromptConflictError(SetupError):
    """Two places hold versions with one number, or a label points at nothing."""


class PromptOrigin(Word):
    """Where a version is kept."""

    BUILT_IN = auto()
    FOLDER = auto()
    RECORDS = auto()


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One version of a prompt; it never changes.

    Attributes:
        version: three numbers, such as `1.2.0`.
        text: the whole file, with its front matter.
        author: the subject that pushed it; empty where nobody did.
        created: when it was pushed; None where nobody did.
    """

    name: str
    version: str
    text: str
    origin: PromptOrigin
    author: str = ""
    created: datetime | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of its name, its number and its text, in hexadecimal."""
        return digest_of(self.name, self.version, self.text)


@dataclass(frozen=True, slots=True)
class PromptHeader:
    """What the front matter of a version says for people.

    Attributes:
        description: what the prompt is for.
        owner: whom to ask about it.
    """

    description: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class PromptLabel:
    """A name that points at a version.

    Attributes:
        prompt: the prompt's name.
        label: its own name, such as `production`.
        version: what it points at.
        previous: what it pointed at before; empty without one.
        actor: the subject that set it; empty where a file says so.
        at: when; None where a file says so.
        reason: why, in the actor's words.
    """

    prompt: str
    label: str
    version: str
    previous: str = ""
    actor: str = ""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PromptRegistry:
    """All versions and labels that are in force at once.

    Attributes:
        versions: by prompt and number; those of all origins.
        labels: by prompt and label.
        revision: counts the changes in the records; 0 without records.
        replaced: versions that are built in with another text, and that the operator's of the same number replace.
    """

    versions: Mapping[tuple[str, str], PromptVersion] = field(default_factory=dict)
    labels: Mapping[tuple[str, str], PromptLabel] = field(default_factory=dict)
    revision: int = 0
    replaced: frozenset[tuple[str, str]] = frozenset()

    def numbers(self, name: str) -> Sequence[str]:
        """Return the numbers of a prompt's versions, the oldest first."""
        return sorted((version for prompt, version in self.versions if prompt == name), key=version_order)

    def resolved(self, name: str, wanted: str = "") -> PromptVersion | None:
        """Return the version that a number or a label names; None where there is none.

        Args:
            name: of the prompt.
            wanted: a number or a label; empty takes PRODUCTION, or the newest where there is no such label. Where the
                operator has versions, the newest is one of them: a later server that brings others changes no answer.
        """
        if wanted and VERSION_PATTERN.fullmatch(wanted):
            return self.versions.get((name, wanted))
        label = self.labels.get((name, wanted or PRODUCTION))
        if label is not None:
            return self.versions.get((name, label.version))
        if wanted:
            return None
        numbers = self.numbers(name)
        own = [each for each in numbers if self.versions[name, each].origin is not PromptOrigin.BUILT_IN]
        return self.versions[name, (own or numbers)[-1]] if numbers else None

    def required(self, name: str, wanted: str = "") -> PromptVersion:
        """Return the version that a number or a label names.

        Raises:
            UnknownPromptError: with the names, versions or labels that there are.
        """
        found = self.resolved(name, wanted)
        if found is not None:
            return found
        numbers = self.numbers(name)
        if not numbers:
            names = sorted({prompt for prompt, _ in self.versions})
            raise UnknownPromptError(f"there is no prompt {name!r}; there are: {', '.join(names)}")
        if wanted and VERSION_PATTERN.fullmatch(wanted):
            raise UnknownPromptError(f"prompt {name!r} has no version {wanted!r}; it has: {', '.join(numbers)}")
        label = self.labels.get((name, wanted or PRODUCTION))
        if label is not None:
            raise UnknownPromptError(
                f"label {label.label!r} of prompt {name!r} points at {label.version}, which there is not; there are: "
                f"{', '.join(numbers)}"
            )
        labels = sorted(label for prompt, label in self.labels if prompt == name)
        raise UnknownPromptError(f"prompt {name!r} has no label {wanted!r}; it has: {', '.join(labels) or 'none'}")


def joined(versions: Iterable[PromptVersion], labels: Iterable[PromptLabel] = (), revision: int = 0) -> PromptRegistry:
    """Return a registry of versions and labels of several places.

    A version that is built in yields to the operator's of the same number: a later server may bring one that the
    operator had first.

    Args:
        versions: the same text under one number counts once, by the place that comes first; one that was pushed as
            well has its author and time.
        labels: later ones go before earlier ones of the same name.
        revision: of the records.

    Raises:
        PromptConflictError: when two texts of the operator's have one number.
    """
    known: dict[tuple[str, str], PromptVersion] = {}
    replaced: set[tuple[str, str]] = set()
    for each in versions:
        key = each.name, each.version
        other = known.get(key)
        if other is None:
            known[key] = each
        elif other.origin is PromptOrigin.BUILT_IN and each.origin is not PromptOrigin.BUILT_IN:
            known[key] = each
            if other.text != each.text:
                replaced.add(key)
        elif other.text == each.text:
            if each.created is not None:
                known[key] = replace(other, author=each.author, created=each.created)
        else:
            raise PromptConflictError(
                f"prompt {each.name}/{each.version} is there twice with different texts, {_PLACES[other.origin]} and "
                f"{_PLACES[each.origin]}: give one of them another number"
            )
    found = {(each.prompt, each.label): each for each in labels}
    return PromptRegistry(known, found, revision, frozenset(replaced))


_PLACES: Final[Mapping[PromptOrigin, str]] = MappingProxyType(
    {
        PromptOrigin.BUILT_IN: "among those built in",
        PromptOrigin.FOLDER: "in the folder",
        PromptOrigin.RECORDS: "in the records",
    }
)


def digest_of(name: str, version: str, text: str) -> str:
    """Return the SHA-256 of a version's name, number and text, in hexadecimal."""
    return sha256(dumps([name, version, text]).encode()).hexdigest()


def version_order(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by."""
    return tuple(int(part) for part in version.split("."))
