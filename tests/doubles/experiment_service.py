"""A groundwire server with experiments, by a script."""

# ruff: noqa: N802 - gRPC names methods like the contract does

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.rpc import code_pb2

from groundwire.v1 import experiment_service_pb2 as experiments
from groundwire.v1 import experiment_service_pb2_grpc as experiments_grpc
from tests.doubles.service import Failure, FakeService, serving

CHANGED = Failure(
    code_pb2.ABORTED, "The experiment has changed since you read it; read it again.", "EXPERIMENT_CHANGED"
)
UNKNOWN = Failure(code_pb2.NOT_FOUND, "There is no such experiment, or it has no such arm.", "EXPERIMENT_NOT_FOUND")


def experiment(name: str, **others: Any) -> experiments.Experiment:
    """An experiment that runs since a while."""
    made = experiments.Experiment(
        name=name,
        **{
            "route": "default",
            "definition": f"name: {name}\nroute: default\n",
            "state": experiments.EXPERIMENT_STATE_RUNNING,
            "traffic_percent": 10.0,
            "etag": "e1",
            "actor": "ana",
            **others,
        },
    )
    made.start_time.FromJsonString("2026-11-27T15:00:00Z")
    return made


class ScriptedExperimentService(FakeService):
    """Keeps experiments, and remembers what is asked of it.

    Attributes:
        kept: the experiments, by name.
        failures: what a call of a method ends with.
        others: what else an experiment is that is applied.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept = {each.name: each for each in (experiment("shorter-prompt"), experiment("larger-model"))}
        self.failures: dict[str, Failure] = {}
        self.others: dict[str, Any] = {}

    def ApplyExperiment(
        self, request: experiments.ApplyExperimentRequest, context: Any
    ) -> experiments.ApplyExperimentResponse:
        self._answer("ApplyExperiment", request, context)
        name = request.definition.partition("name: ")[2].partition("\n")[0]
        return experiments.ApplyExperimentResponse(
            experiment=experiment(name, definition=request.definition, **self.others), revision=8
        )

    def EndExperiment(
        self, request: experiments.EndExperimentRequest, context: Any
    ) -> experiments.EndExperimentResponse:
        self._answer("EndExperiment", request, context)
        ended = experiments.ArmEnd(arm=request.arm or "candidate", actor="ana", reason=request.reason)
        state = experiments.EXPERIMENT_STATE_ENDED
        found = experiment(request.name, state=state, traffic_percent=0.0, ended_arms=[ended])
        found.end_time.FromJsonString("2026-11-28T15:00:00Z")
        return experiments.EndExperimentResponse(experiment=found, revision=9)

    def GetExperiment(
        self, request: experiments.GetExperimentRequest, context: Any
    ) -> experiments.GetExperimentResponse:
        self._answer("GetExperiment", request, context)
        if request.name not in self.kept:
            self._fail(UNKNOWN, context)
        return experiments.GetExperimentResponse(experiment=self.kept[request.name])

    def ListExperiments(
        self, request: experiments.ListExperimentsRequest, context: Any
    ) -> experiments.ListExperimentsResponse:
        self._answer("ListExperiments", request, context)
        listed = [each for each in self.kept.values() if request.route in {"", each.route}]
        begin = int(request.page_token or 0)
        end = begin + request.page_size
        token = str(end) if end < len(listed) else ""
        return experiments.ListExperimentsResponse(experiments=listed[begin:end], next_page_token=token)

    def add_to(self, server: grpc.Server) -> None:
        """Add the service that only this server has."""
        service: Any = self
        experiments_grpc.add_ExperimentServiceServicer_to_server(service, server)

    def _answer(self, method: str, request: Any, context: Any) -> None:
        self._remember(method, request, context)
        if method in self.failures:
            self._fail(self.failures[method], context)


@contextmanager
def serving_experiments(service: ScriptedExperimentService) -> Iterator[str]:
    """Serve on a free port of this machine and give its address."""
    with serving(service, also=service.add_to) as address:
        yield address
