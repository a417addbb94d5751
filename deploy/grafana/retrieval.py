"""Search and documents: whether the store answers, how fast, and whether what it finds is of use."""

from typing import Final

from deploy.grafana.parts import ROUTE, Query, board, lines, number, percentile, rate, share

_CALLS: Final = "db_client_operation_duration_seconds"
_EACH: Final = "db_system_name, db_operation_name"
_NAME: Final = "{{db_system_name}} {{db_operation_name}}"
_RELEVANCE: Final = "groundwire_relevance_best"
_FAILED: Final = 'error_type!=""'

BOARD: Final = board(
    "groundwire-retrieval",
    "groundwire: retrieval",
    "Does the store answer, how fast, and is what it finds of use?",
    number(
        "Passages dropped",
        "Passages in this time range that a store returned to a caller who may not see them, and that were dropped. "
        "Anything but 0 is a fault of the store: see docs/runbook/passages-dropped.md.",
        "none",
        "sum(increase(groundwire_passages_dropped_total[$__range]))",
        warn=1,
        bad=10,
    ),
    number(
        "Failed calls of stores",
        "Share of the calls of stores that failed, late ones included.",
        "percentunit",
        share(f"{_CALLS}_count", _FAILED),
        warn=0.01,
        bad=0.05,
    ),
    number(
        "Documents in stores",
        "Documents of all tenants in all stores, counted once a minute.",
        "none",
        "sum(max by (groundwire_store) (groundwire_store_documents))",
    ),
    number(
        "Slowest 5 % of searches",
        "95 of 100 searches took less time, the embedding of the question included.",
        "s",
        percentile(95, "groundwire_stage_duration_seconds", where=f'{ROUTE}, groundwire_stage="RETRIEVE"'),
        warn=1,
        bad=2,
    ),
    number(
        "Without evidence",
        "Share of questions for which nothing, or too little, was found.",
        "percentunit",
        share("groundwire_answers_total", 'groundwire_cause=~"NO_EVIDENCE|INSUFFICIENT_EVIDENCE"', where=ROUTE),
    ),
    number(
        "Documents that failed",
        "Documents in this time range that could not be stored.",
        "none",
        'sum(increase(groundwire_documents_ingested_total{groundwire_result="FAILED"}[$__range])) or vector(0)',
        warn=1,
        bad=100,
    ),
    lines(
        "Calls of stores",
        "Calls per second, by operation.",
        "reqps",
        Query(rate(f"{_CALLS}_count", _EACH), _NAME),
    ),
    lines(
        "Duration of calls of stores",
        "95 % took less time. Points are single calls: a click leads to the trace.",
        "s",
        Query(percentile(95, _CALLS, _EACH), _NAME, exemplars=True),
    ),
    lines(
        "Why calls of stores failed",
        "Failed calls per second, by the fault.",
        "reqps",
        Query(rate(f"{_CALLS}_count", "db_system_name, error_type", _FAILED), "{{db_system_name}}: {{error_type}}"),
    ),
    lines(
        "Relevance of the best passage",
        "0 to 1: half of the questions, and the lowest and highest 10 %. Where it sinks after a change of documents "
        "or of the embedder, calibrate the threshold again.",
        "percentunit",
        Query(percentile(10, _RELEVANCE, where=ROUTE), "lowest 10 %"),
        Query(percentile(50, _RELEVANCE, where=ROUTE), "half"),
        Query(percentile(90, _RELEVANCE, where=ROUTE), "highest 10 %"),
        top=1,
    ),
    lines(
        "Embedding",
        "95 % of the calls of an embedder took less time. It is a part of the search.",
        "s",
        Query(
            percentile(
                95,
                "gen_ai_client_operation_duration_seconds",
                "gen_ai_request_model",
                'gen_ai_operation_name="embeddings"',
            ),
            "{{gen_ai_request_model}}",
        ),
    ),
    lines(
        "Documents",
        "Documents that were sent to be stored, per second, by what became of them; and those that were deleted.",
        "short",
        Query(rate("groundwire_documents_ingested_total", "groundwire_result"), "{{groundwire_result}}"),
        Query(rate("groundwire_documents_deleted_total"), "deleted"),
        stacked=True,
    ),
    route=True,
)
