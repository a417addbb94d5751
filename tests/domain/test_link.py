"""Links to a place in a document."""

import pytest

from groundwire_server.domain.document import Place
from groundwire_server.domain.link import link

URI = "https://example.org/guide"


@pytest.mark.parametrize(
    ("uri", "place", "linked"),
    [
        (URI, Place(), URI),
        (URI, Place(page=3), f"{URI}#page=3"),
        (URI, Place(("Guide", "Getting started"), page=3), f"{URI}#page=3"),
        (URI, Place(("Guide", "Getting started")), f"{URI}#getting-started"),
        (URI, Place(("The --fast switch (new!)",)), f"{URI}#the---fast-switch-new"),
        (URI, Place(("Größe",)), f"{URI}#gr%C3%B6%C3%9Fe"),
        (URI, Place(("!?",)), URI),
        (f"{URI}#already", Place(("Guide",)), f"{URI}#already"),
        ("", Place(("Guide",)), ""),
    ],
)
def test_a_link_leads_to_the_place(uri: str, place: Place, linked: str) -> None:
    assert link(uri, place) == linked
