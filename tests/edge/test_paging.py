"""Pages of lists and the tokens that continue them."""

import base64
import json

import pytest

from groundwire.v1 import filter_pb2
from groundwire_server.domain.failure import Rejection
from groundwire_server.edge.paging import PageTokens, page_size


@pytest.mark.parametrize(("wanted", "size"), [(0, 100), (1, 1), (1000, 1000), (1001, 1000), (2**31 - 1, 1000)])
def test_a_size_is_cut_to_the_largest(wanted: int, size: int) -> None:
    assert page_size(wanted) == size


def test_the_first_page_has_no_token() -> None:
    assert PageTokens("routes").read("", str) is None


@pytest.mark.parametrize("place", ["a", "a/b c", "é🙂", '"', ""])
def test_a_token_holds_a_place(place: str) -> None:
    tokens = PageTokens("routes")
    token = tokens.write(place)
    assert token.isascii()
    assert PageTokens("routes").read(token, str) == place


def _filter(key: str) -> filter_pb2.Filter:
    return filter_pb2.Filter(is_null=filter_pb2.IsNull(key=key))


@pytest.mark.parametrize("parts", [("b",), ("a", ""), ("a", _filter("k")), (_filter("a"),), ()])
def test_another_list_refuses_a_token(parts: tuple[str | filter_pb2.Filter, ...]) -> None:
    token = PageTokens("a").write("x")
    with pytest.raises(Rejection) as refused:
        PageTokens(*parts).read(token, str)
    (violation,) = refused.value.violations
    assert violation.field == "page_token"


def _written(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "token", ["?", "a", "YQ==", "é", _written(None), _written(1), _written([]), _written({"a": 1})]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Rejection):
        PageTokens("a").read(token, str)


def _number(text: str) -> int:
    return int(text)


def test_a_place_that_cannot_be_parsed_is_refused() -> None:
    tokens = PageTokens("a")
    for place in (("x",), (), ("1", "2", "3")):
        with pytest.raises(Rejection):
            tokens.read(tokens.write(*place), _number)


@pytest.mark.parametrize("part", [None, 1, 1.5, True, ["x"], {"x": "y"}])
def test_a_place_that_is_not_text_is_refused(part: object) -> None:
    binding, _ = json.loads(base64.urlsafe_b64decode(PageTokens("a").write("x")))
    with pytest.raises(Rejection):
        PageTokens("a").read(_written([binding, part]), lambda _: None)
