"""Shares of requests."""

from statistics import fmean

from groundwire_server.domain.share import place_in_share

NAMES = [f"acme\0request-{number}" for number in range(2000)]


def test_a_name_always_has_the_same_place_and_another_key_or_use_has_another() -> None:
    assert place_in_share("acme", b"key", b"use") == place_in_share("acme", b"key", b"use")
    others = {place_in_share("acme", key, person) for key in (b"", b"key") for person in (b"", b"use")}
    assert len(others) == 4


def test_a_share_has_as_many_names_as_it_says() -> None:
    places = [place_in_share(name) for name in NAMES]
    assert all(0.0 <= place < 1.0 for place in places), "a share of 1 has all, and one of 0 none"
    assert abs(fmean(place < 0.25 for place in places) - 0.25) < 0.03
