"""Regular expressions that a policy names."""

from groundwire_server.adapters.guards.patterns import PatternsGuard


def test_every_match_is_a_finding_in_the_order_of_the_text() -> None:
    guard = PatternsGuard([r"\d{4}", r"\bPROJECT-[A-Z]{3}\b", "x*"], "codes")
    found = guard.find("PROJECT-ABC of 2024")
    assert [(each.start, each.end, each.rule) for each in found] == [(0, 11, "patterns.1"), (15, 19, "patterns.0")]
    assert {each.category for each in found} == {"codes"}
    assert not guard.by_word
