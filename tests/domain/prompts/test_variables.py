"""Whether the blocks of a route give a template what it takes."""

import pytest

from groundwire_server.domain.prompts.context import ContextBlock, ContextSource
from groundwire_server.domain.prompts.variables import Variable, VariableType, misfits, type_of, unused


def block(name: str, source: ContextSource, key: str = "", max_tokens: int = 100) -> ContextBlock:
    return ContextBlock(name, source, max_tokens, key=key)


def declared(*variables: Variable) -> dict[str, Variable]:
    return {each.name: each for each in variables}


@pytest.mark.parametrize(
    ("source", "key", "given"),
    [
        (ContextSource.TURNS, "", VariableType.PAIRS),
        (ContextSource.CALLER, "plan", VariableType.TEXT),
        (ContextSource.CALLER, "", VariableType.PAIRS),
        (ContextSource.GLOSSARY, "", VariableType.PAIRS),
        (ContextSource.INSTRUCTIONS, "", VariableType.TEXT),
        (ContextSource.DATE, "Europe/Berlin", VariableType.TEXT),
        (ContextSource.LOCALE, "", VariableType.TEXT),
        (ContextSource.ENVIRONMENT, "REGION", VariableType.TEXT),
        (ContextSource.ENVIRONMENT, "", VariableType.PAIRS),
        (ContextSource.EXAMPLES, "", VariableType.PAIRS),
    ],
)
def test_each_source_has_a_type(source: ContextSource, key: str, given: VariableType) -> None:
    assert type_of(block("it", source, key)) is given


def test_every_source_has_a_type() -> None:
    assert all(type_of(block("it", source)) in VariableType for source in ContextSource)


def test_blocks_of_the_types_that_a_template_takes_fit() -> None:
    variables = declared(
        Variable("instructions", VariableType.TEXT, required=True, max_tokens=100),
        Variable("glossary", VariableType.PAIRS),
    )
    blocks = [block("instructions", ContextSource.INSTRUCTIONS), block("glossary", ContextSource.GLOSSARY)]
    assert list(misfits(blocks, variables)) == []


def test_a_variable_that_is_not_required_needs_no_block() -> None:
    assert list(misfits([], declared(Variable("glossary", VariableType.PAIRS)))) == []


@pytest.mark.parametrize(
    ("blocks", "variable", "said"),
    [
        ([], Variable("plan", VariableType.TEXT, required=True), "requires 'plan': declare a block of that name"),
        (
            [block("plan", ContextSource.CALLER)],
            Variable("plan", VariableType.TEXT),
            "takes 'plan' as text, and a block of the source caller is pairs",
        ),
        (
            [block("plan", ContextSource.CALLER, "plan")],
            Variable("plan", VariableType.LIST),
            "takes 'plan' as list, and a block of the source caller with a key is text",
        ),
        (
            [block("plan", ContextSource.CALLER, "plan", max_tokens=51)],
            Variable("plan", VariableType.TEXT, max_tokens=50),
            "at most 50 tokens of 'plan', and the block has 51: lower its `max_tokens`",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence_that_says_what_to_do(
    blocks: list[ContextBlock], variable: Variable, said: str
) -> None:
    (misfit,) = misfits(blocks, declared(variable))
    assert said in misfit


def test_what_callers_write_stands_behind_a_fence() -> None:
    variables = declared(Variable("plan", VariableType.TEXT))
    (misfit,) = misfits([block("plan", ContextSource.CALLER, "plan")], variables, bare={"plan"})
    assert "shows 'plan' outside a fence, and a block of the source caller is written by callers" in misfit
    assert list(misfits([block("plan", ContextSource.CALLER, "plan")], variables)) == []
    assert list(misfits([block("plan", ContextSource.ENVIRONMENT, "plan")], variables, bare={"plan"})) == []


def test_a_block_that_no_template_shows_is_unused_unless_it_bounds_the_turns() -> None:
    blocks = [
        block("turns", ContextSource.TURNS),
        block("plan", ContextSource.CALLER),
        block("date", ContextSource.DATE),
    ]
    assert unused(blocks, declared(Variable("date", VariableType.TEXT))) == ["plan"]


def test_a_variable_without_a_value_is_empty_unless_it_has_a_default() -> None:
    assert Variable("plan", VariableType.TEXT).absent == ""
    assert Variable("glossary", VariableType.PAIRS).absent == ()
    assert Variable("plan", VariableType.TEXT, default="free").absent == "free"
