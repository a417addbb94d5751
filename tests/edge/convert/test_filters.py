import pytest

from groundwire.v1 import filter_pb2
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.filters import AllOf, AnyOf, Contains, Equals, IsNull, Not, Range
from groundwire_server.edge.convert.filters import filter_from_pb


def _equals(key: str, **value: object) -> filter_pb2.Filter:
    return filter_pb2.Filter(equals=filter_pb2.Equals(key=key, value=filter_pb2.MetadataValue(**value)))  # type: ignore[arg-type]


def test_reads_every_kind_of_condition() -> None:
    message = filter_pb2.Filter(
        all_of=filter_pb2.AllOf(
            operands=[
                filter_pb2.Filter(
                    any_of=filter_pb2.AnyOf(operands=[_equals("s", string_value="x"), _equals("b", bool_value=False)])
                ),
                filter_pb2.Filter(negation=_equals("n", number_value=1.5)),
                filter_pb2.Filter(range=filter_pb2.Range(key="r", at_least=0.0, less_than=2.0)),
                filter_pb2.Filter(
                    contains=filter_pb2.Contains(key="c", values=["a", "b"], match=filter_pb2.Contains.MATCH_ALL)
                ),
                filter_pb2.Filter(contains=filter_pb2.Contains(key="c", values=["a"])),
                filter_pb2.Filter(is_null=filter_pb2.IsNull(key="z")),
            ]
        )
    )
    assert filter_from_pb(message, "filter") == AllOf(
        (
            AnyOf((Equals("s", "x"), Equals("b", False))),
            Not(Equals("n", 1.5)),
            Range("r", at_least=0.0, less_than=2.0),
            Contains("c", ("a", "b"), all_values=True),
            Contains("c", ("a",), all_values=False),
            IsNull("z", is_null=False),
        )
    )


def _nested(levels: int) -> filter_pb2.Filter:
    condition = _equals("k", bool_value=True)
    for _ in range(levels - 1):
        condition = filter_pb2.Filter(negation=condition)
    return condition


def _wide(nodes: int) -> filter_pb2.Filter:
    halves = [(nodes - 3) // 2, nodes - 3 - (nodes - 3) // 2]
    groups = [
        filter_pb2.Filter(any_of=filter_pb2.AnyOf(operands=[_equals("k", bool_value=True)] * half)) for half in halves
    ]
    return filter_pb2.Filter(all_of=filter_pb2.AllOf(operands=groups))


def test_accepts_the_largest_filter() -> None:
    filter_from_pb(_nested(8), "filter")
    filter_from_pb(_wide(64), "filter")


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (_nested(9), "8 levels"),
        (_wide(65), "64 nodes"),
        (_equals("k", list_value=filter_pb2.StringList(values=["a"])), "use contains"),
    ],
)
def test_refuses_what_is_too_large_or_compares_lists(message: filter_pb2.Filter, limit: str) -> None:
    with pytest.raises(Rejection) as caught:
        filter_from_pb(message, "question.search.filter")
    (violation,) = caught.value.violations
    assert violation.field == "question.search.filter"
    assert limit in violation.description
