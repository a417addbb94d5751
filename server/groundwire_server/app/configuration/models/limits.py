"""Limits: what tenants, subjects and end users may use."""

from typing import Final, TypeAlias

from pydantic import Field

from groundwire_server.domain.admission import Work
from groundwire_server.domain.limits import ASKING, MONEY, LimitRow, Queue
from groundwire_server.domain.quota import MICROS
from groundwire_server.domain.vocabulary import LimitKind, LimitMode, LimitScope, Priority
from groundwire_server.options import Options

DEFAULT_TENANT: Final = "*"
"""Stands for every tenant that no other row has the same limit for."""

Most: TypeAlias = int | None
_MANY: Final = 1_000_000_000


class LimitRowConfig(Options):
    """Limits that hold for the same calls: those that match every key among route, tenant, subject and end_user."""

    mode: LimitMode = Field(
        LimitMode.ENFORCED,
        description="ENFORCED refuses what exceeds a limit; SHADOW counts it and says so, and refuses nothing.",
    )
    route: str | None = Field(None, min_length=1, description="Calls of this route; of all if unset.")
    tenant: str | None = Field(
        None,
        min_length=1,
        description="Calls of this tenant; of all if unset. `*` is the default: each tenant by itself, where no row "
        "that names the tenant has the same limit, of the same calls if they are counted.",
        examples=["acme"],
    )
    subject: str | None = Field(None, min_length=1, description="Calls of this subject of the tenant; of all if unset.")
    end_user: str | None = Field(
        None, min_length=1, description="Calls on behalf of this end user of the tenant; of all if unset."
    )
    per: frozenset[LimitScope] = Field(
        frozenset(),
        description="What a count is kept for: TENANT, SUBJECT, END_USER, ROUTE, or several of them; one count for all "
        "calls of the row if unset.",
        examples=[["END_USER"]],
    )
    work: frozenset[Work] = Field(
        ASKING,
        min_length=1,
        description="What requests and concurrent calls are: answer, search, check, feedback, or ingest, which is one "
        "for each document.",
        examples=[["ingest"]],
    )
    requests_per_second: Most = Field(None, ge=1, le=100_000, description="Requests a second; all at once if need be.")
    requests_per_minute: Most = Field(None, ge=1, le=_MANY, description="Requests a minute; all at once if need be.")
    tokens_per_minute: Most = Field(
        None, ge=1, le=_MANY, description="Input and output tokens of models, checkers, rerankers and guards a minute."
    )
    cost_per_day: float | None = Field(
        None,
        gt=0,
        le=_MANY,
        description="What models, checkers, rerankers and guards may cost in a day (UTC).",
        examples=[25.0],
    )
    cost_per_month: float | None = Field(
        None,
        gt=0,
        le=_MANY,
        description="What models, checkers, rerankers and guards may cost in a month (UTC).",
        examples=[500.0],
    )
    concurrent_calls: Most = Field(None, ge=1, le=100_000, description="Calls at once.")
    queue_size: Most = Field(
        None, ge=1, le=100_000, description="Calls that wait in each process for another to end; none if unset."
    )
    queue_seconds: float | None = Field(
        None, gt=0, le=600, description="How long a call waits; until its deadline if unset."
    )
    question_chars: Most = Field(None, ge=1, le=4096, description="Longest question, in code points.")
    passages: Most = Field(None, ge=1, le=64, description="Passages that are searched for, and that a prompt has.")
    prompt_tokens: Most = Field(None, ge=50, le=1_000_000, description="Tokens of a prompt, estimated.")
    output_tokens: Most = Field(None, ge=16, le=32_768, description="Tokens that a model may generate.")
    timeout_seconds: float | None = Field(None, gt=0, le=3600, description="Longest deadline of a call.")
    max_priority: Priority | None = Field(
        None, description="Highest priority of a call, INTERACTIVE, BACKGROUND or EVALUATION; a higher one is lowered."
    )
    tokens_per_call: Most = Field(
        None,
        ge=1,
        le=_MANY,
        description="Tokens over all that one call sets off: answers, checks, repairs and further models.",
    )
    cost_per_call: float | None = Field(
        None, gt=0, le=_MANY, description="Cost of all that one call sets off.", examples=[0.05]
    )

    def row(self, name: str) -> LimitRow:
        """Return the row that admission and the pipeline follow."""
        default = self.tenant == DEFAULT_TENANT
        limits: dict[LimitKind, float] = {}
        for kind in LimitKind:
            most = getattr(self, kind.value.lower())
            if most is not None:
                # Whatever is set allows something.
                limits[kind] = max(1, round(most * MICROS)) if kind in MONEY else most
        queue = None
        if self.queue_size is not None:
            queue = Queue(self.queue_size, float("inf") if self.queue_seconds is None else self.queue_seconds)
        return LimitRow(
            name=name,
            limits=limits,
            mode=self.mode,
            route=self.route,
            tenant=None if default else self.tenant,
            default=default,
            subject=self.subject,
            end_user=self.end_user,
            per=self.per | {LimitScope.TENANT} if default else self.per,
            work=self.work,
            queue=queue,
            max_priority=self.max_priority,
        )
