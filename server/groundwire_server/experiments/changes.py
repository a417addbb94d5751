"""Changes of experiments by people: what is checked before the records keep one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, ExperimentState
from groundwire_server.domain.failure import Rejection, Violation
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.registry_records import RegistryRecords

FIELD: Final = "definition"
"""The field of a request that violations are of."""

ReadDefinition: TypeAlias = Callable[[str, datetime], tuple[Experiment | None, Sequence[Violation]]]
"""Reads a definition; the time is the start of one that names none. The experiment is None where there are faults."""

Faults: TypeAlias = Callable[[Experiment, Sequence[Experiment]], Sequence[Violation]]
"""Says why an experiment cannot be used beside others, by the configuration in use; it may run in a thread."""


@dataclass(frozen=True, slots=True)
class ExperimentChanges:
    """Changes experiments, by what is in force in this process.

    Attributes:
        records: keep the changes.
        others: the experiments that are in force.
        read: reads definitions.
        faults: of an experiment beside others.
        clock: of the wall.
        seen: returns the revision of the records that this process has seen last.
    """

    records: RegistryRecords
    others: Sequence[Experiment]
    read: ReadDefinition
    faults: Faults
    clock: Clock
    seen: Callable[[], int | None]

    async def apply(
        self, definition: str, etag: str, actor: str, reason: str, *, validate_only: bool = False
    ) -> tuple[Experiment, int | None]:
        """Begin an experiment, or change one; return it as it is kept, with the revision, None for a validation.

        Args:
            definition: its file.
            etag: that it must have now; empty compares nothing.
            actor: who changes it.
            reason: in the actor's words.
            validate_only: check everything, and keep nothing.

        Raises:
            Rejection: EXPERIMENT_INVALID, EXPERIMENT_CHANGED, EXPERIMENT_ENDED.
            RegistryMovedError: when another change came between: it is to be checked again.
            RecordsError: when the database cannot be asked.
        """
        checked, now = self.seen(), self.clock.today()
        wanted = self._read(definition, now)
        before = await self.records.experiment(wanted.name)
        if before is not None:
            if before.state(now) is ExperimentState.ENDED:
                raise _rejected(Reason.EXPERIMENT_ENDED, before.name)
            if etag and etag != before.etag:
                raise _rejected(Reason.EXPERIMENT_CHANGED, before.name)
            # One that names no start keeps the one that it has.
            wanted = replace(self._read(definition, before.start), etag=before.etag, ended_arms=before.ended_arms)
            if kept := _unchangeable(before, wanted, now):
                raise _invalid(wanted.name, kept)
        elif etag:
            raise _rejected(Reason.EXPERIMENT_CHANGED, wanted.name)
        if wanted.end is not None and wanted.end <= now:
            said = "end: must be in the future; `groundwire experiments end` ends one that runs"
            raise _invalid(wanted.name, [_violation(said)])
        others = [each for each in self.others if each.name != wanted.name]
        # Variants are validated, and prompts compiled that only they use: calls go on beside it.
        if violations := await asyncio.to_thread(self.faults, wanted, others):
            raise _invalid(wanted.name, violations)
        wanted = replace(wanted, actor=actor)
        if validate_only:
            return wanted, None
        return await self.records.apply(wanted, etag, reason, checked)

    async def end(self, name: str, arm: str, actor: str, reason: str) -> tuple[Experiment, int]:
        """End an experiment, or one of its arms; return it as it is kept, with the revision. Again changes nothing.

        Args:
            name: of the experiment.
            arm: the treatment that ends; empty ends all.
            actor: who ends it.
            reason: in the actor's words.

        Raises:
            Rejection: EXPERIMENT_NOT_FOUND where there is no such experiment, or no such arm; INVALID_REQUEST for the
                control, which does not end alone.
            RecordsError: when the database cannot be asked.
        """
        experiment = await self.records.experiment(name)
        if experiment is None:
            raise _rejected(Reason.EXPERIMENT_NOT_FOUND, name)
        if arm == experiment.control.name:
            said = "is the control, which does not end alone: leave it out to end the experiment"
            raise Rejection.invalid("arm", said, "experiment.control")
        arms = [each.name for each in experiment.treatments if arm in {"", each.name}]
        if not arms:
            raise _rejected(Reason.EXPERIMENT_NOT_FOUND, name)
        now = self.clock.today()
        return await self.records.end_arms(name, [ArmEnd(each, now, actor, None, reason) for each in arms])

    def _read(self, definition: str, start: datetime) -> Experiment:
        experiment, violations = self.read(definition, start)
        if experiment is None:
            raise Rejection(Reason.EXPERIMENT_INVALID, violations=violations)
        return experiment


def _unchangeable(before: Experiment, wanted: Experiment, now: datetime) -> Sequence[Violation]:
    """Return a violation for each part of an experiment that was changed and cannot be."""
    kept = {
        "route": (before.route, wanted.route),
        "unit": (before.unit, wanted.unit),
        "arms": (before.arms, wanted.arms),
    }
    violations = [
        _violation(f"{key}: cannot change, or its results would mean nothing: begin another under a new name")
        for key, (was, now_is) in kept.items()
        if was != now_is
    ]
    if before.start <= now and wanted.start != before.start:
        began = before.start.isoformat(timespec="seconds")
        violations.append(_violation(f"start: cannot change: the experiment began at {began}; leave it out"))
    return violations


def _violation(said: str) -> Violation:
    return Violation(FIELD, f"{FIELD}: {said}", "experiment.definition")


def _invalid(name: str, violations: Sequence[Violation]) -> Rejection:
    return Rejection(Reason.EXPERIMENT_INVALID, violations=violations, metadata={"experiment": name})


def _rejected(reason: Reason, name: str) -> Rejection:
    return Rejection(reason, metadata={"experiment": name})
