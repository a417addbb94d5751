"""The calls about experiments."""

from collections.abc import AsyncIterator

from groundwire._async.connection import Connection
from groundwire.v1.experiment_service_pb2 import (
    ApplyExperimentRequest,
    ApplyExperimentResponse,
    EndExperimentRequest,
    EndExperimentResponse,
    Experiment,
    GetExperimentRequest,
    GetExperimentResponse,
    ListExperimentsRequest,
)


class ExperimentCalls:
    """Calls about experiments, for operators of the tenant that manages them.

    Args:
        connection: to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def apply_experiment(
        self,
        definition: str,
        *,
        etag: str = "",
        reason: str = "",
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> ApplyExperimentResponse:
        """Begin an experiment, or change one that has not ended; every process uses it within two seconds.

        Args:
            definition: its file, in YAML, at most 64 KiB.
            etag: of the state that is changed; empty begins one, or changes whatever is there.
            reason: why, for the audit trail.
            validate_only: checks the definition, and keeps nothing.
            timeout: seconds that the call may take.
        """
        request = ApplyExperimentRequest(definition=definition, etag=etag, reason=reason, validate_only=validate_only)
        return await self._connection.call(self._connection.experiments.ApplyExperiment, request, timeout)

    async def end_experiment(
        self, name: str, arm: str = "", *, reason: str = "", timeout: float | None = None
    ) -> EndExperimentResponse:
        """End an experiment or one of its arms, whose calls are answered by the route as it is from then on.

        Args:
            name: of the experiment.
            arm: the arm that ends; empty ends all.
            reason: why, for the audit trail.
            timeout: seconds that the call may take.
        """
        request = EndExperimentRequest(name=name, arm=arm, reason=reason)
        return await self._connection.call(self._connection.experiments.EndExperiment, request, timeout)

    async def experiment(self, name: str, *, timeout: float | None = None) -> GetExperimentResponse:
        """Return an experiment with its results.

        Args:
            name: of the experiment.
            timeout: seconds that the call may take.
        """
        request = GetExperimentRequest(name=name)
        return await self._connection.call(self._connection.experiments.GetExperiment, request, timeout)

    async def experiments(
        self, route: str = "", *, page_size: int = 100, timeout: float | None = None
    ) -> AsyncIterator[Experiment]:
        """Yield experiments without results, those that started last first, page after page.

        Args:
            route: whose experiments; empty yields those of all routes.
            page_size: how many to fetch at once, at most 1000.
            timeout: seconds that each page may take.
        """
        request = ListExperimentsRequest(route=route, page_size=page_size)
        async for page in self._connection.pages(self._connection.experiments.ListExperiments, request, timeout):
            for each in page.experiments:
                yield each
