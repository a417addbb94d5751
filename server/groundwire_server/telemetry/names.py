"""Span and attribute names, in one place with the version they come from.

OpenTelemetry semantic conventions 1.39 for `rpc.*` and `db.*`; the GenAI conventions' own repository for `gen_ai.*`.
`groundwire.*` is ours and uses the words of `domain/vocabulary.py`. No attribute ever holds a text.
"""

RPC_SYSTEM = "rpc.system.name"
RPC_METHOD = "rpc.method"
RPC_STATUS = "rpc.response.status_code"

GEN_AI_MODEL = "gen_ai.request.model"
GEN_AI_INPUT_TOKENS = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS = "gen_ai.usage.output_tokens"

TENANT = "groundwire.tenant"
REQUEST_ID = "groundwire.request_id"
ROUTE = "groundwire.route"
STAGE_BUDGET = "groundwire.stage.budget_seconds"
ATTEMPT = "groundwire.attempt"
CAUSE = "groundwire.cause"
ACTION = "groundwire.action"
NEXT_STEP = "groundwire.next_step"
OUTCOME = "groundwire.outcome"
CANCELLED = "groundwire.cancelled"
REASON = "groundwire.error_reason"
CORPUS_VERSION = "groundwire.corpus_version"
PASSAGES_FOUND = "groundwire.passages.found"
PASSAGES_CHOSEN = "groundwire.passages.chosen"
BEST_RELEVANCE = "groundwire.relevance.best"
PROMPT_NAME = "groundwire.prompt.name"
PROMPT_VERSION = "groundwire.prompt.version"
CONFIDENCE = "groundwire.confidence"
GROUNDING = "groundwire.grounding_score"
CITATIONS = "groundwire.citations"
