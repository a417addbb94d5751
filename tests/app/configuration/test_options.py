"""What every option of the configuration has: a description, and bounds where it is a number."""

from collections.abc import Iterator
from typing import get_args

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.options import Options
from tests.app.configuration.sections import sections_of

FIELDS = {
    f"{section.__name__}.{name}": field
    for section in sections_of(Configuration)
    for name, field in section.model_fields.items()
}


def numbers() -> Iterator[tuple[str, FieldInfo]]:
    for name, field in FIELDS.items():
        if {int, float} & {field.annotation, *get_args(field.annotation)}:
            yield name, field


@pytest.mark.parametrize("name", FIELDS)
def test_it_has_a_description_that_is_a_sentence(name: str) -> None:
    description = FIELDS[name].description or ""
    assert description[:1].isupper() or description.startswith(("all-", "HOST"))
    assert description.endswith(".")


def test_numbers_have_bounds_on_both_sides() -> None:
    unbounded = [
        name
        for name, field in numbers()
        if not any(isinstance(each, Ge | Gt) for each in field.metadata)
        or not any(isinstance(each, Le | Lt) for each in field.metadata)
    ]
    assert len(list(numbers())) > 50
    assert unbounded == []


def test_sections_are_frozen_and_refuse_unknown_keys() -> None:
    for section in sections_of(Configuration):
        assert issubclass(section, Options)
        assert (section.model_config["frozen"], section.model_config["extra"]) == (True, "forbid")


def test_no_two_sections_declare_the_same_options() -> None:
    # What is defined in one section, others name by the same word.
    named = {"kind", "provider", "models", "queue", "context"}
    own = {section: frozenset(section.__annotations__) - named for section in sections_of(Configuration)}
    same = [
        (one.__name__, other.__name__)
        for one in own
        for other in own
        if one.__name__ < other.__name__ and len(own[one] & own[other]) > 2
    ]
    assert same == []
