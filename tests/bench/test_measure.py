"""What a run measures; running it is the benchmark's own affair."""

from typing import Any

from bench.generating import kinds_of
from bench.measure import Measured, _kinds, _refused
from bench.targets import read_targets

SERVER: Any = None


class Calls:
    def __getattr__(self, name: str) -> object:
        return name


def test_every_figure_of_a_call_is_a_target_or_a_floor() -> None:
    calls: Any = Calls()
    targets = read_targets()
    measured = Measured()

    kinds = [
        *_kinds(SERVER, calls, SERVER, calls, SERVER, calls, calls=8),
        *_refused(SERVER, calls, SERVER, calls, calls=8),
    ]
    for kind in kinds:
        for name in filter(None, (kind.latency, kind.first)):
            measured.latency(name, [1.0], kind.shares)
        if kind.cpu:
            measured.figure(kind.cpu, 1.0)

    others = {
        "checks_cpu",
        "checks_cpu_known",
        "prompt_cpu",
        "guards_cpu",
        "guards_cpu_new",
        "admission_cpu",
        "cache_hit_redis_cpu",
        "cache_miss_cpu",
        "grpc_answer_cpu",
        "gateway_cpu",
        "gateway_binary_cpu",
        "submit_cpu",
        "queue_accept_cpu",
        "queue_work_cpu",
        "review_completion",
        "start",
        "empty_start",
        "empty_ingest",
        "ingest_vectors",
        "ingest_keywords",
    }
    others |= {"empty_memory", "memory_with_embedder", "memory_without_embedder"}
    others |= {kind.cpu for kind in kinds_of(SERVER, calls, SERVER, calls, 8)}
    others |= {
        "upstream_first_p50",
        "generated_first_added",
        "generated_first_searched",
        "generated_memory_idle",
        "generated_memory_streams",
    }
    others |= {"weaviate_stub_cpu", "weaviate_added_cpu", "weaviate_stub_ingest", "weaviate_ingest"}
    others |= {"one_worker_cpu", "workers_cpu", "workers_restart", "workers_drain"}
    others |= {"alone_p50", "alone_p99", "flooded_p50", "flooded_p99"}
    others |= {"shared_alone_p50", "shared_alone_p99", "shared_flooded_p50", "shared_flooded_p99"}
    others |= {"overloaded_cpu", "scarce_goodput", "overloaded_goodput"}
    assert {*measured.figures, *others} == {*targets.targets, *targets.floors}


def test_percentiles_are_taken_round_by_round_and_latencies_kept_together() -> None:
    measured = Measured()

    measured.latency("unary_1", [1.0, 2.0, 3.0], ("p50",))
    measured.latency("unary_1", [4.0, 5.0, 6.0], ("p50",))

    assert measured.figures == {"unary_1_p50": [2.0, 5.0]}
    assert measured.latencies == {"unary_1": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
