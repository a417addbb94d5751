import pytest

from groundwire_server.domain.consumption import estimated, prompt_tokens
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Prompt
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause

PROMPT = Prompt("answer", "1", "You answer questions.", "Where do parcels wait?", "Where?", {})
REQUEST = GenerationRequest("alias", Requester("tenant"), PROMPT, 500)
READ = prompt_tokens(PROMPT)


@pytest.mark.parametrize(
    ("written", "cause", "expected"),
    [
        ([], None, (READ, 0)),
        (["Parcels ", "wait."], None, (READ, estimate_tokens("Parcels wait."))),
        ([], Cause.MODEL_SLOW_START, (READ, 0)),
        ([], Cause.MODEL_TIMEOUT, (READ, 0)),
        ([], Cause.MODEL_REFUSED, (READ, 0)),
        (["Parcels"], Cause.MODEL_UNAVAILABLE, (READ, estimate_tokens("Parcels"))),
        ([], Cause.MODEL_UNAVAILABLE, (0, 0)),
        ([], Cause.CAPACITY_EXHAUSTED, (0, 0)),
        ([], Cause.MODEL_MISCONFIGURED, (0, 0)),
    ],
)
def test_a_call_that_was_cut_is_estimated(written: list[str], cause: Cause | None, expected: tuple[int, int]) -> None:
    usage = estimated(REQUEST, written, None if cause is None else Failure(cause))
    assert (usage.input_tokens, usage.output_tokens) == expected
    assert usage.estimated is (expected != (0, 0))
