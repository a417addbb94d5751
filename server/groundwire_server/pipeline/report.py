"""The report of one call, written while its stages run."""

from dataclasses import dataclass, field

from groundwire_server.domain.generation import ModelUsage, Prompt, Usage
from groundwire_server.domain.outcome import Report, StageTiming
from groundwire_server.domain.vocabulary import Purpose


@dataclass(slots=True)
class ReportBuilder:
    """What is known so far of how an outcome came about; times in seconds.

    Attributes:
        arrived: when the call came in, on the event loop's clock.
        prompt: the last one rendered.
        model: the alias of the model whose text the outcome holds, or else of the last one asked.
        attempts: how many times a model has been asked.
        usage: what each model consumed, by its alias and purpose.
        stages: every run of a stage that has ended, in the order of their ends.
    """

    request_id: str
    trace_id: str
    route: str
    arrived: float
    corpus_version: str = ""
    prompt: Prompt | None = None
    model: str = ""
    attempts: int = 0
    usage: dict[tuple[str, Purpose], Usage] = field(default_factory=dict)
    stages: list[StageTiming] = field(default_factory=list)
    time_to_first_token: float | None = None

    def attempt(self, model: str) -> None:
        """Record that a model is about to be asked."""
        self.attempts += 1
        self.model = model

    def consumed(self, model: str, purpose: Purpose, usage: Usage) -> None:
        """Add what a call of a model has consumed."""
        self.usage[model, purpose] = self.usage.get((model, purpose), Usage()) + usage

    def first_output(self, now: float) -> None:
        """Record that a model has begun to write; only the first time counts."""
        if self.time_to_first_token is None:
            self.time_to_first_token = now - self.arrived

    def build(self, now: float) -> Report:
        """Return the report as it stands."""
        prompt = self.prompt
        return Report(
            request_id=self.request_id,
            trace_id=self.trace_id,
            route=self.route,
            corpus_version=self.corpus_version,
            prompt_name="" if prompt is None else prompt.name,
            prompt_version="" if prompt is None else prompt.version,
            experiment_arm="" if prompt is None else prompt.experiment_arm,
            model=self.model,
            attempts=self.attempts,
            usage=tuple(ModelUsage(model, purpose, usage) for (model, purpose), usage in self.usage.items()),
            stages=tuple(self.stages),
            time_to_first_token=self.time_to_first_token,
            total=now - self.arrived,
        )
