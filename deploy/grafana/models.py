"""Models and embedders: whether they answer, how fast, and whether calls wait for them."""

from typing import Final

from deploy.grafana.parts import Query, board, lines, percentile, rate, share

_CALLS: Final = "gen_ai_client_operation_duration_seconds"
_EACH: Final = "gen_ai_operation_name, gen_ai_request_model"
_NAME: Final = "{{gen_ai_operation_name}} {{gen_ai_request_model}}"
_FAILED: Final = 'error_type!=""'

BOARD: Final = board(
    "groundwire-models",
    "groundwire: models",
    "Do models and embedders answer, how fast, and do calls wait for them?",
    lines(
        "Calls",
        "Calls of each model and embedder per second; a call's retries are not counted again.",
        "reqps",
        Query(rate(f"{_CALLS}_count", _EACH), _NAME),
    ),
    lines(
        "Failed calls",
        "Share of each model's calls that failed after their retries.",
        "percentunit",
        Query(share(f"{_CALLS}_count", _FAILED, _EACH), _NAME),
        top=1,
    ),
    lines(
        "Why they failed",
        "Failed calls per second, by cause. MODEL_RATE_LIMITED and MODEL_QUOTA_EXHAUSTED are the provider's limits, "
        "MODEL_MISCONFIGURED is a wrong key or name.",
        "reqps",
        Query(
            rate(f"{_CALLS}_count", "gen_ai_request_model, error_type", _FAILED),
            "{{gen_ai_request_model}}: {{error_type}}",
        ),
    ),
    lines(
        "Duration of calls",
        "95 % took less time, retries included. Points are single calls: a click leads to the trace.",
        "s",
        Query(percentile(95, f"{_CALLS}", _EACH), _NAME, exemplars=True),
    ),
    lines(
        "Time to first text",
        "From a request to the model's first text, 95 %. Grows before all else when a provider is overloaded.",
        "s",
        Query(
            percentile(95, "gen_ai_client_operation_time_to_first_chunk_seconds", "gen_ai_request_model"),
            "{{gen_ai_request_model}}",
        ),
    ),
    lines(
        "Retries",
        "Repeated requests per second. The server stops to repeat when most requests fail.",
        "reqps",
        Query(rate("groundwire_retries_total", "groundwire_dependency"), "{{groundwire_dependency}}"),
    ),
    lines(
        "Circuits",
        "1: open, the model is not asked. 0.5: half open, the next call tries it. 0: closed, as it should be. Beside "
        "it 1 for a model whose server is starting, or loads it.",
        "none",
        Query("max by (groundwire_dependency) (groundwire_circuit_open)", "{{groundwire_dependency}}"),
        Query("1 - max by (groundwire_dependency) (groundwire_model_ready)", "{{groundwire_dependency}}: not ready"),
        top=1,
    ),
    lines(
        "Slots and connections in use",
        "Share of the slots of each limiter, and of the connections to each provider. At 100 % further calls wait.",
        "percentunit",
        Query(
            "sum by (groundwire_limiter) (groundwire_slots_used)"
            " / (sum by (groundwire_limiter) (groundwire_slots_limit) > 0)",
            "{{groundwire_limiter}}",
        ),
        Query(
            'sum by (gen_ai_provider_name) (http_client_open_connections{http_connection_state="active"})'
            " / (sum by (gen_ai_provider_name) (groundwire_http_connections_limit) > 0)",
            "connections to {{gen_ai_provider_name}}",
        ),
        top=1,
    ),
    lines(
        "Calls that wait",
        "Calls that wait for a slot. Raise `max_concurrent` where the provider allows more.",
        "none",
        Query("sum by (groundwire_limiter) (groundwire_slots_waiting)", "{{groundwire_limiter}}"),
    ),
    lines(
        "Attempts that failed, by model",
        "Attempts to write an answer that did not lead to one, per second: failures, and answers that were not valid.",
        "reqps",
        Query(
            rate("groundwire_attempts_total", "groundwire_model, groundwire_cause", 'groundwire_cause!=""'),
            "{{groundwire_model}}: {{groundwire_cause}}",
        ),
    ),
    lines(
        "Tokens of a call",
        "95 % of calls have fewer tokens. Input that grows means longer passages or prompts.",
        "short",
        Query(
            percentile(95, "gen_ai_client_token_usage", "gen_ai_request_model, gen_ai_token_type"),
            "{{gen_ai_request_model}} {{gen_ai_token_type}}",
        ),
    ),
    lines(
        "Tokens per second",
        "Tokens of each model, by what it was used for.",
        "short",
        Query(
            rate("groundwire_tokens_total", "groundwire_model, groundwire_purpose, gen_ai_token_type"),
            "{{groundwire_model}} {{groundwire_purpose}} {{gen_ai_token_type}}",
        ),
    ),
    route=False,
)
