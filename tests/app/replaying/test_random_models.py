"""Whatever models do, and whenever, a call comes to the same outcome again: models that act at random, by seeds."""

import random

import pytest

from groundwire_server.app.replay import replay
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from tests.app.replaying.recorded import recorded
from tests.doubles.generator import CUT_OFF, DONE, Move, Wait, draft, letters
from tests.pipeline.running import FIRST, SECOND, THIRD

SEEDS = range(40)

_SENTENCES = (FIRST, SECOND, THIRD, "Zebras fly over seven oceans.", "Lambda expressions are not functions.")
_FAILURES = (Cause.MODEL_UNAVAILABLE, Cause.MODEL_INTERRUPTED, Cause.MODEL_RATE_LIMITED, Cause.MODEL_REFUSED)


def script(chance: random.Random) -> list[Move]:
    """What a model does: a draft of some sentences, in pieces with pauses, that may break off in any way."""
    sentences = [(chance.choice(_SENTENCES), [chance.choice(["p1", "p9"])] * chance.randint(0, 1)) for _ in range(3)]
    pieces = draft(*sentences[: chance.randint(0, 3)], confidence=chance.choice(["low", "medium", "high"]))
    if chance.random() < 0.2:
        pieces = letters(pieces)
    moves: list[Move] = []
    for piece in pieces:
        if chance.random() < 0.3:
            moves.append(Wait(chance.choice([0.001, 0.2, 1.0, 9.0])))
        moves.append(piece)
    end = chance.choice([DONE, DONE, DONE, CUT_OFF, Failure(chance.choice(_FAILURES), retry_after=2.0), "…", None])
    moves = moves if end is DONE or chance.random() < 0.5 else moves[: chance.randint(0, len(moves))]
    return moves if end is None else [*moves, end]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_call_of_random_models_is_the_same_again(seed: int) -> None:
    chance = random.Random(seed)
    scripts = [script(chance) for _ in range(chance.randint(1, 3))]
    seconds = chance.choice([0.5, 4.0, 20.0])
    outcome, exchange = await recorded(*scripts, stream=chance.random() < 0.5, seconds=seconds)
    replayed = await replay(exchange)
    assert replayed.unrecorded == "", outcome.cause
    assert replayed.differences == (), outcome.cause
    assert replayed.timed
