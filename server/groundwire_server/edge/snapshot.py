"""What calls are served with: all of one configuration, so that no call sees parts of two."""

from dataclasses import dataclass

from groundwire_server.admission.admission import Admission
from groundwire_server.admission.limit_status import LimitStatuses
from groundwire_server.corpus.erase import Eraser, RecordEraser
from groundwire_server.corpus.ingest import Ingest
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge.access import Access
from groundwire_server.edge.experiments import ExperimentCalls
from groundwire_server.edge.feedback import FeedbackCalls
from groundwire_server.edge.managing import managed
from groundwire_server.edge.prompts import PromptCalls
from groundwire_server.edge.queue import QueuedAnswers
from groundwire_server.edge.reviews import ReviewCalls
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import RouteTable
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.call_recordings import Recordings
from groundwire_server.ports.corpus import Corpus
from groundwire_server.ports.grounding import GroundingChecker
from groundwire_server.ports.usage import UsageRecords


@dataclass(frozen=True, slots=True)
class ServingSnapshot:
    """Everything that a call needs, from one configuration.

    Attributes:
        access: authenticates callers.
        admission: decides who may begin.
        limits: says what is used and left of what requesters may use.
        routes: the routes by name.
        answerer: answers questions.
        pipeline: searches.
        grounding: checks texts of callers' own.
        corpus: stores documents.
        ingest: splits and embeds new documents.
        eraser: erases documents; None where the store does not offer that.
        record_eraser: erases records; None where none are kept.
        answer_cache: keeps earlier answers that may stand in; None where none is kept.
        write_seconds: how long writing one event of a stream may take.
        submissions: decides which questions may be submitted for later: the requests of a caller are counted then.
        later: answers questions that no call waits for, and that are nobody's run, once there is capacity for them.
        queue: of answers for later; None where the server has none.
        usage: the accounts of what models have consumed; None where the server has none.
        reviews: answers that wait for a person; None where the server keeps no records.
        feedback: takes what callers say of answers; None where the server keeps no records.
        recordings: of calls; None where the server keeps no records.
        managed_by: the tenant that manages prompts and experiments; None where none does.
        prompts: what its calls of prompts need; None where no tenant manages them.
        experiments: what its calls of experiments need; None as well.
    """

    access: Access
    admission: Admission
    limits: LimitStatuses
    routes: RouteTable
    answerer: Answerer
    pipeline: PipelineAnswerer
    grounding: GroundingChecker
    corpus: Corpus
    ingest: Ingest
    write_seconds: float
    eraser: Eraser | None
    record_eraser: RecordEraser | None
    submissions: Admission
    later: Answerer
    answer_cache: AnswerCache | None = None
    queue: QueuedAnswers | None = None
    usage: UsageRecords | None = None
    reviews: ReviewCalls | None = None
    feedback: FeedbackCalls | None = None
    recordings: Recordings | None = None
    managed_by: str | None = None
    prompts: PromptCalls | None = None
    experiments: ExperimentCalls | None = None

    @property
    def queued_answers(self) -> QueuedAnswers:
        """The queue of answers for later.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where the server has none.
        """
        if self.queue is None:
            raise Rejection.not_offered(Feature.QUEUED_ANSWERS)
        return self.queue

    def review_calls(self, feature: Feature) -> ReviewCalls:
        """Return the reviews, for a call that needs a feature of theirs.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where the server keeps no records.
        """
        if self.reviews is None:
            raise Rejection.not_offered(feature)
        return self.reviews

    @property
    def feedback_calls(self) -> FeedbackCalls:
        """What takes feedback.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where the server keeps no records.
        """
        if self.feedback is None:
            raise Rejection.not_offered(Feature.FEEDBACK)
        return self.feedback

    @property
    def recorded_calls(self) -> Recordings:
        """The recordings of calls.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where the server keeps no records.
        """
        if self.recordings is None:
            raise Rejection.not_offered(Feature.RECORDINGS)
        return self.recordings

    def experiment_calls(self, caller: Caller) -> ExperimentCalls:
        """Return what calls of experiments need.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where no tenant manages experiments.
            AccessDenied: for a caller of a tenant that does not.
        """
        return managed(self.experiments, self.managed_by, caller, Feature.EXPERIMENTS)

    def prompt_calls(self, caller: Caller) -> PromptCalls:
        """Return what calls of prompts need.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where no tenant manages prompts.
            AccessDenied: for a caller of a tenant that does not.
        """
        return managed(self.prompts, self.managed_by, caller, Feature.PROMPTS)


class CurrentSnapshot:
    """The active snapshot: a call reads it once, when it begins, and keeps it."""

    def __init__(self, snapshot: ServingSnapshot) -> None:
        self.snapshot = snapshot
