"""Questions that may wait, on routes that have a queue and on those that have none."""

from dataclasses import replace

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.question import Question
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.pipeline.normalize import check_queue
from tests.pipeline.samples import policy
from tests.work.questions import ALICE


def inquiry(*, allow_queue: bool, queue: bool) -> Inquiry:
    question = Question("default", "Who signs?", "request-1", allow_queue=allow_queue)
    return Inquiry(question, ALICE, replace(policy(), queue=queue), 0.0, Deadline(10.0))


@pytest.mark.parametrize(("allow_queue", "queue"), [(False, False), (False, True), (True, True)])
def test_a_question_that_may_wait_needs_a_route_that_has_a_queue(allow_queue: bool, queue: bool) -> None:
    check_queue(inquiry(allow_queue=allow_queue, queue=queue))


def test_a_question_that_may_wait_is_refused_where_it_cannot() -> None:
    with pytest.raises(Rejection) as caught:
        check_queue(inquiry(allow_queue=True, queue=False))
    assert (caught.value.reason, caught.value.metadata) == (Reason.FEATURE_NOT_OFFERED, {"feature": "QUEUED_ANSWERS"})
