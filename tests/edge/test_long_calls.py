"""Calls that last: their number is bounded, in all and for one tenant, and each place is given back."""

import pytest

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.interceptors.limits import Places
from groundwire_server.edge.long_calls import LongCalls
from groundwire_server.telemetry import metrics
from tests.doubles.counts import Counts


def test_a_tenant_has_its_part_and_a_refused_call_is_counted() -> None:
    counts = Counts()
    calls = LongCalls(Places("watches", 2, 1), counts)
    with calls.place("acme"):
        with pytest.raises(Rejection) as refused, calls.place("acme"):
            pass
        with calls.place("other"), pytest.raises(Rejection), calls.place("third"):
            pass
    assert refused.value.reason is Reason.OVERLOADED
    assert counts.of(metrics.CALLS_REFUSED, "watches") == 2


def test_a_call_that_fails_gives_its_place_back() -> None:
    calls = LongCalls(Places("watches", 1), Counts())
    with pytest.raises(RuntimeError), calls.place("acme"):
        raise RuntimeError
    with calls.place("acme"):
        assert not calls.ending


def test_all_end_when_the_server_drains() -> None:
    calls = LongCalls(Places("watches", 1), Counts())
    calls.end()
    assert calls.ending
