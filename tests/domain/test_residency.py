"""Text that must not leave reaches no hosted model."""

from groundwire_server.domain.residency import Residency, outside, within

KNOWN = {"big": Residency.HOSTED, "own": Residency.SELF_HOSTED, "quote": Residency.SELF_HOSTED}


def test_a_chain_that_must_stay_keeps_its_own_models_in_their_order() -> None:
    assert within(["big", "own", "quote"], KNOWN, self_hosted_only=True) == ("own", "quote")


def test_a_chain_that_may_leave_is_whole() -> None:
    assert within(["big", "own"], KNOWN, self_hosted_only=False) == ("big", "own")


def test_a_model_that_is_not_known_counts_as_hosted() -> None:
    assert outside(["big", "own", "new"], KNOWN) == ("big", "new")
    assert within(["new"], KNOWN, self_hosted_only=True) == ()
