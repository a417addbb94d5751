import pytest

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.identity import caller_of


def test_reads_who_calls() -> None:
    metadata = {"groundwire-tenant": "acme", "groundwire-subject": "alice", "groundwire-principals": "staff, hr ,,"}
    assert caller_of(metadata) == Caller("acme", "alice", frozenset({"staff", "hr"}))


def test_a_caller_without_a_name_is_anonymous_and_has_no_principals() -> None:
    assert caller_of({"groundwire-tenant": "acme"}) == Caller("acme", "anonymous")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"groundwire-tenant": ""},
        {"groundwire-tenant": "a b"},
        {"groundwire-tenant": "../other"},
        {"groundwire-tenant": "x" * 65},
        {"groundwire-tenant": "acme", "groundwire-subject": ""},
        {"groundwire-tenant": "acme", "groundwire-subject": "x" * 257},
        {"groundwire-tenant": "acme", "groundwire-principals": "staff,*"},
        {"groundwire-tenant": "acme", "groundwire-principals": "x" * 257},
        {"groundwire-tenant": "acme", "groundwire-principals": ",".join(f"p{n}" for n in range(257))},
    ],
)
def test_refuses_a_caller_that_is_nobody(metadata: dict[str, str]) -> None:
    with pytest.raises(Rejection) as caught:
        caller_of(metadata)
    assert caught.value.reason is Reason.UNAUTHENTICATED
