"""Pushing versions, and pointing labels at them: what is checked before the records keep a change."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.registry import (
    PRODUCTION,
    PromptLabel,
    PromptOrigin,
    PromptRegistry,
    PromptVersion,
)
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.prompts import PromptLint
from groundwire_server.ports.registry_records import RegistryRecords

RouteFaults: TypeAlias = Callable[[PromptRegistry], Sequence[str]]
"""Says why routes could not be served with a registry, a sentence for each fault; it may run in a thread."""


@dataclass(frozen=True, slots=True)
class PromptChanges:
    """Changes prompts, by what is in force in this process.

    Attributes:
        records: keep the changes.
        registry: what is in force.
        lint: says what is wrong with templates.
        faults: of the routes with another registry.
        seen: returns the revision of the records that this process has seen last; what is in force may be older,
            where that cannot be used.
    """

    records: RegistryRecords
    registry: PromptRegistry
    lint: PromptLint
    faults: RouteFaults
    seen: Callable[[], int | None]

    async def push(
        self, version: PromptVersion, reason: str, *, validate_only: bool = False
    ) -> tuple[PromptVersion, Sequence[PromptFinding]]:
        """Add a version; return it as it is kept, with what the lint says of it.

        The version that is in force for the prompt stays in force: where nothing says which one that is, the label
        `production` does from now on.

        Args:
            version: with its author.
            reason: in the author's words.
            validate_only: return the findings, errors among them, and keep nothing.

        Raises:
            Rejection: PROMPT_VERSION_EXISTS, PROMPT_INVALID.
            RecordsError: when the database cannot be asked.
        """
        known = self.registry.versions.get((version.name, version.version))
        if known is not None and known.text != version.text:
            raise Rejection(Reason.PROMPT_VERSION_EXISTS, metadata=_named(version.name, version.version))
        # A long template takes a while: calls go on meanwhile.
        findings = await asyncio.to_thread(self.lint.findings, version.name, version.version, version.text)
        if validate_only:
            return known or version, findings
        if errors := [each for each in findings if each.error]:
            violations = tuple(Violation("text", _placed(each), "prompt.template") for each in errors)
            raise Rejection(
                Reason.PROMPT_INVALID, violations=violations, metadata=_named(version.name, version.version)
            )
        # A file may go, or be edited: what was pushed stays, with who did it and why.
        if known is None or known.origin is PromptOrigin.FOLDER:
            await self.records.push(version, reason, self._in_force(version))
        return known or version, findings

    async def set_label(self, label: PromptLabel, expected: str | None) -> tuple[PromptLabel, int]:
        """Point a label at a version; return it as it is kept, with the revision.

        Args:
            label: with its actor and reason.
            expected: what it must point at now; None compares nothing, empty means that there must be none.

        Raises:
            Rejection: PROMPT_NOT_FOUND, PROMPT_INVALID, PROMPT_LABEL_CHANGED.
            RegistryMovedError: when another change came between: it is to be checked again.
            RecordsError: when the database cannot be asked.
        """
        checked = self.seen()
        await self._check_usable(label)
        known = self.registry.labels.get((label.prompt, label.label))
        if known is None or known.at is None:
            # The records have none: what stands in a file, or is the newest, is compared here.
            if expected is not None:
                if expected not in {label.version, "" if known is None else known.version}:
                    raise _changed(label.label)
                expected = ""
            before = self.registry.resolved(label.prompt, label.label) or self._newest(label)
            label = replace(label, previous="" if before is None else before.version)
        return await self.records.set_label(label, expected, checked)

    async def roll_back(self, label: PromptLabel, expected: str | None) -> tuple[PromptLabel, int]:
        """Point a label at what it pointed at before; return it as it is kept, with the revision.

        Args:
            label: with its actor and reason; the version is found here.
            expected: what it must point at now; None compares nothing.

        Raises:
            Rejection: PROMPT_NOT_FOUND, PROMPT_INVALID, PROMPT_LABEL_CHANGED.
            RegistryMovedError: when another change came between: it is to be checked again.
            RecordsError: when the database cannot be asked.
        """
        checked, known = self.seen(), self.registry.labels.get((label.prompt, label.label))
        if known is None:
            raise Rejection(Reason.PROMPT_NOT_FOUND, metadata=_named(label.prompt, label.label))
        if not known.previous or expected not in {None, known.version}:
            raise _changed(label.label)
        target = replace(label, version=known.previous)
        await self._check_usable(target)
        return await self.records.roll_back(target, known.version, checked)

    async def _check_usable(self, label: PromptLabel) -> None:
        """Make sure that routes can be served once a label points at its version."""
        if (label.prompt, label.version) not in self.registry.versions:
            raise Rejection(Reason.PROMPT_NOT_FOUND, metadata=_named(label.prompt, label.version))
        labels = {**self.registry.labels, (label.prompt, label.label): label}
        if faults := await asyncio.to_thread(self.faults, replace(self.registry, labels=labels)):
            raise Rejection(
                Reason.PROMPT_INVALID,
                violations=tuple(Violation("version", each, "prompt.route") for each in faults),
                metadata=_named(label.prompt, label.version),
            )

    def _in_force(self, version: PromptVersion) -> str:
        """Return what `production` is to point at once a version is there; empty where it points at something."""
        if (version.name, PRODUCTION) in self.registry.labels:
            return ""
        before = self.registry.resolved(version.name)
        return version.version if before is None else before.version

    def _newest(self, label: PromptLabel) -> PromptVersion | None:
        """Return what `production` stands for where there is no such label; None for other labels."""
        return self.registry.resolved(label.prompt) if label.label == PRODUCTION else None


def _placed(finding: PromptFinding) -> str:
    return f"line {finding.line}: {finding.message}" if finding.line else finding.message


def _named(prompt: str, version: str) -> dict[str, str]:
    return {"prompt": f"{prompt}/{version}"}


def _changed(label: str) -> Rejection:
    return Rejection(Reason.PROMPT_LABEL_CHANGED, metadata={"label": label})
