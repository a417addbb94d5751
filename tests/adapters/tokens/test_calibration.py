"""An estimate is fitted to what a provider counts."""

import json
from collections.abc import Sequence

import pytest

from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.adapters.http.options import Endpoint, RequestBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.tokens.calibration import factors_of, samples
from groundwire_server.adapters.tokens.endpoint import PATH, CountingEndpoint
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.text.tokens import ESTIMATE, ESTIMATES, SCRIPTS
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.upstream import Reply, upstream


def test_there_is_a_sample_in_each_script() -> None:
    assert tuple(samples()) == SCRIPTS
    assert all(len(text.encode()) > 150 for text in samples().values())


def test_factors_make_the_estimate_of_another_tokenizer() -> None:
    true = ESTIMATES["claude"]
    counted = {script: true.count(text) for script, text in samples().items()}
    calibrated = ESTIMATE.calibrated(factors_of(ESTIMATE, counted))
    for script, text in samples().items():
        assert calibrated.count(text) == pytest.approx(counted[script], rel=0.02)
        assert ESTIMATE.count(text) != pytest.approx(counted[script], rel=0.02)


def test_what_is_counted_right_needs_no_factor() -> None:
    counted = {script: ESTIMATE.count(text) for script, text in samples().items()}
    assert set(factors_of(ESTIMATE, counted).values()) == {1.0}


def test_a_count_that_is_out_of_reason_is_bounded() -> None:
    counted = dict.fromkeys(samples(), 1) | {"thai": 1_000_000}
    factors = factors_of(ESTIMATE, counted)
    assert (factors["latin"], factors["thai"]) == (0.2, 5.0)


def _endpoint(port: int) -> Endpoint:
    return Endpoint(base_url=f"http://127.0.0.1:{port}/v1")


async def counted(replies: Sequence[bytes], *texts: str) -> tuple[list[int], list[dict[str, object]]]:
    answers = [Reply([reply], headers=(("Content-Type", "application/json"),)) for reply in replies]
    async with (
        upstream(*answers) as at,
        Session("anthropic", _endpoint(at.port)) as session,
    ):
        client = DocumentClient(session, PATH, {"x-api-key": "k"}, RequestBounds(), "claude-test")
        endpoint = CountingEndpoint(client, "claude-test")
        found = [await endpoint.count(text, NEVER) for text in texts]
        return found, [json.loads(request.body) for request in at.requests]


async def test_the_message_around_a_text_is_not_counted() -> None:
    found, bodies = await counted([b'{"input_tokens": 8}', b'{"input_tokens": 107}', b'{"input_tokens": 57}'], "a", "b")
    assert found == [100, 50]
    assert [body["messages"] for body in bodies] == [[{"role": "user", "content": text}] for text in (".", "a", "b")]


@pytest.mark.parametrize("reply", [b"[]", b"{}", b'{"input_tokens": "8"}', b'{"input_tokens": 0}', b"nothing"])
async def test_a_reply_that_is_no_count_is_a_failure(reply: bytes) -> None:
    with pytest.raises(Failure) as caught:
        await counted([reply], "a")
    assert caught.value.cause is Cause.MODEL_MISCONFIGURED
