"""What the indexes hold."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.adapters.store.weaviate import tokens

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(value=NUMBERS, bounds=st.tuples(NUMBERS, NUMBERS), above=st.booleans(), below=st.booleans())
def test_a_number_has_exactly_one_token_of_every_range_that_holds_it(
    value: float, bounds: tuple[float, float], above: bool, below: bool
) -> None:
    least, most = bounds
    wanted = tokens.within("key", least, most, above=above, below=below)
    inside = (value > least if above else value >= least) and (value < most if below else value <= most)
    assert len(set(wanted) & set(tokens.facts({"key": value}))) == inside
    assert len(wanted) <= 512


@given(value=NUMBERS)
def test_a_number_is_in_the_range_without_bounds(value: float) -> None:
    (everything,) = tokens.within("key", None, None, above=False, below=False)
    assert everything in tokens.facts({"key": value})


def test_both_zeros_are_one_number() -> None:
    assert tokens.equal("key", 0.0) == tokens.equal("key", -0.0)


@pytest.mark.parametrize("tenant", ["acme", "Acme-1_x", "a" * 64])
def test_a_tenant_keeps_its_name_where_it_can(tenant: str) -> None:
    assert tokens.tenant_name(tenant) == tenant


def test_tenants_of_any_name_are_different_ones() -> None:
    names = ["acme", "a c", "ä", "a" * 65, "", "gw_x", "acme\n", "Acme", tokens.tenant_name("a c")]
    written = [tokens.tenant_name(name) for name in names]
    assert len(set(written)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in written)


@given(principal=st.text())
def test_a_principal_is_read_as_it_was_written(principal: str) -> None:
    token = tokens.principal_token(principal)
    assert tokens.principal_of(token) == principal
    assert token == token.strip()


def test_facts_of_different_keys_types_and_values_are_different() -> None:
    facts = [
        tokens.equal("a", "1"),
        tokens.equal("a", 1.0),
        tokens.equal("a", True),
        tokens.equal("b", "1"),
        tokens.item("a", "1"),
        tokens.present("a"),
        tokens.number("a"),
        tokens.listed("a"),
        tokens.equal("a", "x\x00y"),
        tokens.item("a\x00", "y"),
        tokens.item("a", "\x00y"),
    ]
    assert len(set(facts)) == len(facts)


def test_greater_numbers_have_greater_tokens() -> None:
    numbers = [-1e300, -2.0, -1.0, -1e-300, 0.0, 1e-300, 1.0, 1.5, 2.0, 1e300]
    written = [tokens.equal("key", number) for number in numbers]
    assert all(one < other for one, other in pairwise(written))
