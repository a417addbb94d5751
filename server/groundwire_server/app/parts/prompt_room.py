"""Whether the models of a route have room for passages beside what its prompt says by itself."""

from collections.abc import Iterator

from groundwire_server.adapters.prompts.front_matter import UnusableTemplateError
from groundwire_server.adapters.prompts.lint import ROOM, fixed_text
from groundwire_server.adapters.prompts.template import CompiledTemplate
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.parts.tokens import counter_of, model_tokens, vocabulary_of
from groundwire_server.domain.text.tokens import ESTIMATES, family_of
from groundwire_server.ports.tokens import ERROR_PERCENT


def window_faults(route: RouteConfig, template: CompiledTemplate, configuration: Configuration) -> Iterator[str]:
    """Yield a sentence for each model of a route whose window holds the prompt's own text and reply, and little else.

    Tokens are counted as they are when a model is asked. Where that needs a vocabulary, which may take a second to be
    read, they are estimated, and a prompt passes that may fit.

    Args:
        route: names the models.
        template: of the route's prompt.
        configuration: has the models; those that it lacks are no fault of a prompt.
    """
    settings = template.header.settings
    reply = min(route.limits.output_tokens, settings.max_output_tokens or route.limits.output_tokens)
    for alias in route.models:
        section = configuration.models.get(alias)
        if section is None or isinstance(section, ExtractiveModelConfig) or section.context_window is None:
            continue
        estimated = vocabulary_of(section.tokens) is None
        counter = counter_of(section) if estimated else ESTIMATES[family_of(section.model)]
        try:
            fixed = counter.count(fixed_text(template))
        except UnusableTemplateError as unusable:
            yield str(unusable)
            return
        room = model_tokens(section, counter).room(reply) or 0
        least, most = fixed, room
        if not estimated:
            # The estimate may be too high, and the vocabulary needs no margin.
            least, most = fixed * 100 // (100 + ERROR_PERCENT), room * (100 + ERROR_PERCENT) // 100
        if least + ROOM > most:
            yield (
                f"leaves no room for passages: of the window of {alias}, {section.context_window} tokens, {room} are "
                f"left beside the reply, and the prompt's own text has {fixed} by {counter.name}: shorten it, lower "
                "limits.output_tokens, or name another model"
            )
