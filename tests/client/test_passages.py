"""Passages and citations as plain values."""

import json

import pytest

from groundwire.passages import best_score, citation_metadata, passage_metadata
from groundwire.v1.filter_pb2 import MetadataValue, StringList
from groundwire.v1.grounding_pb2 import Citation
from groundwire.v1.passage_pb2 import Passage, PassageKind, Place, Scores

NAMED = {
    "chunk_id": "handbook-1",
    "document_id": "handbook",
    "title": "Handbook",
    "source_uri": "https://docs.example/handbook.pdf",
}
PLACE = Place(section=["Desk", "Parcels"], page=3, kind=PassageKind.PASSAGE_KIND_TABLE)


def test_a_passage_is_said_as_a_whole_without_its_text() -> None:
    passage = Passage(
        **NAMED,
        text="Parcels wait in the mail room.",
        ordinal=0,
        revision=2,
        metadata={
            "team": MetadataValue(string_value="desk"),
            "year": MetadataValue(number_value=2026),
            "public": MetadataValue(bool_value=False),
            "tags": MetadataValue(list_value=StringList(values=["mail", "desk"])),
            "unknown": MetadataValue(),
        },
        scores=Scores(keyword=0.0, relevance=0.75),
        place=PLACE,
    )

    said = passage_metadata(passage)

    assert said == {
        **NAMED,
        "section": ["Desk", "Parcels"],
        "page": 3,
        "kind": "table",
        "ordinal": 0,
        "revision": 2,
        "scores": {"keyword": 0.0, "relevance": 0.75},
        "metadata": {"team": "desk", "year": 2026.0, "public": False, "tags": ["mail", "desk"], "unknown": None},
    }
    assert json.loads(json.dumps(said)) == said


def test_a_citation_says_where_its_passage_stands() -> None:
    link = "https://docs.example/handbook.pdf#page=3"
    citation = Citation(**NAMED, quote="in the mail room", link=link, place=PLACE)  # type: ignore[arg-type]  # texts

    assert citation_metadata(citation) == {
        **NAMED,
        "link": link,
        "section": ["Desk", "Parcels"],
        "page": 3,
        "kind": "table",
    }


@pytest.mark.parametrize("place", [Place(), Place(kind=99)])  # type: ignore[arg-type]  # a newer server's
def test_what_a_place_does_not_say_is_left_out(place: Place) -> None:
    said = passage_metadata(Passage(place=place))

    assert said["section"] == []
    assert not {"page", "kind"} & said.keys()


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        (Scores(reranker=0.0, relevance=0.9, fused=1.0), 0.0),
        (Scores(relevance=0.9, fused=1.0, keyword=7.0), 0.9),
        (Scores(fused=1.0, keyword=7.0), 1.0),
        (Scores(keyword=7.0, vector_similarity=0.4), None),
    ],
)
def test_passages_are_compared_by_what_orders_them(scores: Scores, best: float | None) -> None:
    assert best_score(Passage(scores=scores)) == best
