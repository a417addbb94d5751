"""ExperimentService."""

from typing import Any

import grpc.aio

from groundwire.v1 import experiment_service_pb2
from groundwire.v1.experiment_service_pb2_grpc import ExperimentServiceServicer
from groundwire_server.domain.experiments.experiment import Experiment
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.arm_results import arm_results_to_pb, in_order_of
from groundwire_server.edge.convert.experiment import experiment_to_pb
from groundwire_server.edge.convert.times import read_place
from groundwire_server.edge.experiments import ExperimentCalls
from groundwire_server.edge.managing import changed
from groundwire_server.edge.paging import PageTokens, page_size
from groundwire_server.edge.snapshot import CurrentSnapshot


class Experiments(ExperimentServiceServicer):
    """Shows and changes experiments.

    A change is checked against what the records hold when it comes, and this process uses it before it replies.
    """

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def ApplyExperiment(
        self, request: experiment_service_pb2.ApplyExperimentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> experiment_service_pb2.ApplyExperimentResponse:
        """Begin an experiment, or change one."""
        actor = current_call().caller.subject
        kept, revision = await changed(
            self._fresh,
            lambda calls: calls.changes.apply(
                request.definition, request.etag, actor, request.reason, validate_only=request.validate_only
            ),
            Rejection(Reason.EXPERIMENT_CHANGED),
        )
        calls = self._calls if revision is None else await self._fresh()
        return experiment_service_pb2.ApplyExperimentResponse(
            experiment=_shown(calls, kept), revision=calls.revision if revision is None else revision
        )

    async def EndExperiment(
        self, request: experiment_service_pb2.EndExperimentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> experiment_service_pb2.EndExperimentResponse:
        """End an experiment or one of its arms."""
        calls, actor = self._calls, current_call().caller.subject
        kept, revision = await calls.changes.end(request.name, request.arm, actor, request.reason)
        return experiment_service_pb2.EndExperimentResponse(
            experiment=_shown(await self._fresh(), kept), revision=revision
        )

    async def ListExperiments(
        self, request: experiment_service_pb2.ListExperimentsRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> experiment_service_pb2.ListExperimentsResponse:
        """Return a page of experiments."""
        calls = self._calls
        tokens = PageTokens("experiments", request.route)
        after, size = tokens.read(request.page_token, read_place), page_size(request.page_size)
        found = await calls.records.experiments(request.route, after, size + 1)
        page, following = tokens.cut(found, size, lambda each: [each.start.isoformat(), each.name])
        return experiment_service_pb2.ListExperimentsResponse(
            experiments=(_shown(calls, each) for each in page),
            next_page_token=following,
        )

    async def GetExperiment(
        self, request: experiment_service_pb2.GetExperimentRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> experiment_service_pb2.GetExperimentResponse:
        """Return an experiment with its results."""
        calls = self._calls
        experiment = await calls.records.experiment(request.name)
        if experiment is None:
            raise Rejection(Reason.EXPERIMENT_NOT_FOUND, metadata={"experiment": request.name})
        arms, counted = await calls.results.arms(experiment.name)
        response = experiment_service_pb2.GetExperimentResponse(
            experiment=_shown(calls, experiment), arms=map(arm_results_to_pb, in_order_of(experiment, arms))
        )
        response.counted_time.FromDatetime(counted)
        return response

    @property
    def _calls(self) -> ExperimentCalls:
        return self._current.snapshot.experiment_calls(current_call().caller)

    async def _fresh(self) -> ExperimentCalls:
        """Return what calls need, by what the records hold now."""
        await self._calls.refresh()
        return self._calls


def _shown(calls: ExperimentCalls, experiment: Experiment) -> experiment_service_pb2.Experiment:
    return experiment_to_pb(experiment, calls.faults, calls.clock.today())
