"""Templates of prompts that are short and right."""

from groundwire_server.adapters.prompts.catalogue import PromptCatalogue, compiler
from groundwire_server.domain.prompts.registry import PromptLabel, PromptOrigin, PromptVersion, joined

USER = """Mark: {{ mark }}
{% for id, title, text in passages %}<passage-{{ mark }} id="{{ id }}">
{{ text }}
</passage-{{ mark }}>
{% endfor %}<question-{{ mark }}>{{ question }}</question-{{ mark }}>"""


def template(
    system: str = "Answer from the passages.", user: str = USER, header: str = "description: A trial.", more: str = ""
) -> str:
    """A template that can be used.

    Args:
        system: what stands before the form of the answer.
        user: the block of that name.
        header: the front matter.
        more: other blocks and macros.
    """
    return (
        f"---\n{header}\n---\n"
        f"{{% block system %}}{system}\n{{{{ answer_form }}}}{{% endblock %}}\n"
        f"{{% block user %}}{user}{{% endblock %}}\n{more}"
    )


def version(number: str, text: str | None = None, name: str = "answer") -> PromptVersion:
    """A version of the folder; its system block names its number unless a text is given."""
    return PromptVersion(name, number, text or template(f"Answer as {number} does."), PromptOrigin.FOLDER)


def catalogue(*versions: PromptVersion, labels: tuple[PromptLabel, ...] = ()) -> PromptCatalogue:
    """The prompts of these versions alone."""
    return PromptCatalogue(joined(versions, labels), compiler())
