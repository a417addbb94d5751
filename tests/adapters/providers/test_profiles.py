"""How servers differ is told once, by the names that the configuration has for them."""

from typing import get_args

from groundwire_server.adapters.providers.profiles import PROFILES, ProfileName


def test_every_name_has_a_profile() -> None:
    assert list(PROFILES) == list(get_args(ProfileName))
