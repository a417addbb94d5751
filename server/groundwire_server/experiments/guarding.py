"""Guards that watch the experiments that run, and end an arm that is certainly worse than they tolerate."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, NoReturn, Protocol

from groundwire_server.domain.experiments.experiment import ArmEnd, Experiment, ExperimentState, Metric
from groundwire_server.domain.experiments.guard_check import GuardBreach, breaches
from groundwire_server.domain.failure import Fault, Rejection
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.experiments import ExperimentResults
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.operations import RecordsError
from groundwire_server.telemetry import metrics

LOOK_SECONDS: Final = 5.0
"""Between the end of a look and the next, at least."""

_REST: Final = 10
"""Times that a look took, after which the next begins at the earliest: guards take little of the database."""

_log = logging.getLogger(__name__)


class EndingRecords(Protocol):
    """What guards need of `RegistryRecords`."""

    async def end_arms(self, experiment: str, ends: Sequence[ArmEnd]) -> tuple[Experiment, int]:
        """End arms."""
        ...


class GuardWatch:
    """The guards of all experiments, as one process watches them.

    Every process may watch them all: an arm ends once. Looking often costs no certainty, for the bounds hold at every
    look.

    Args:
        experiments: returns those that are known now.
        results: what came of their calls.
        records: end arms, with an entry in the audit trail.
        clock: the event loop's, and of the wall.
        recorder: counts the arms that are ended.
    """

    def __init__(
        self,
        experiments: Callable[[], Sequence[Experiment]],
        results: ExperimentResults,
        records: EndingRecords,
        clock: Clock,
        recorder: Metrics,
    ) -> None:
        self._experiments = experiments
        self._results = results
        self._records = records
        self._clock = clock
        self._metrics = recorder
        self._fault: Fault | None = None
        # From 0 on: an increase is seen from the first on.
        for metric in Metric:
            recorder.add(metrics.EXPERIMENT_ARMS_ENDED, 0, metric)

    async def keep(self) -> NoReturn:
        """Look again and again, until this is cancelled."""
        while True:
            began = self._clock.now()
            await self.look()
            await asyncio.sleep(max(LOOK_SECONDS, _REST * (self._clock.now() - began)))

    async def look(self) -> None:
        """Look once at each experiment that runs and has guards, and end the arms that are worse."""
        now = self._clock.today()
        try:
            for experiment in self._experiments():
                if experiment.guards and experiment.state(now) is ExperimentState.RUNNING:
                    arms, _ = await self._results.arms(experiment.name)
                    if found := breaches(experiment, arms):
                        await self._end(experiment, found)
        except RecordsError as error:
            if self._fault is not error.fault:
                _log.error("guards of experiments wait: the records cannot be asked", extra={"why": str(error.fault)})
            self._fault = error.fault
            return
        if self._fault is not None:
            _log.info("guards of experiments look again")
        self._fault = None

    async def _end(self, experiment: Experiment, found: Sequence[GuardBreach]) -> None:
        at = self._clock.today()
        ends = [ArmEnd(each.arm, at, "", each.guard.metric, each.reason) for each in found]
        before = {each.arm for each in experiment.ended_arms}
        try:
            kept, _ = await self._records.end_arms(experiment.name, ends)
        except Rejection:
            # It is gone since, or cannot be read by this server: there is nothing left to end.
            return
        # Another process may have ended them first.
        ours = {each.arm for each in kept.ended_arms if each in ends and each.arm not in before}
        for breach in found:
            if breach.arm in ours:
                self._metrics.add(metrics.EXPERIMENT_ARMS_ENDED, 1, breach.guard.metric)
                about = {"experiment": experiment.name, "arm": breach.arm, "guard": breach.guard.metric.lower()}
                _log.warning("a guard has ended an arm of an experiment: %s", breach.reason, extra=about)
