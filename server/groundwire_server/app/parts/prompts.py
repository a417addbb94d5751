"""The registry of prompts: what is built in, the operator's folder, and the records, as one value; and its checks."""

from collections.abc import Iterator
from pathlib import Path

from groundwire_server.adapters.prompts.built_in import built_in_versions
from groundwire_server.adapters.prompts.catalogue import PromptCatalogue, compiler
from groundwire_server.adapters.prompts.folder import NO_FOLDER, FolderFault, PromptFolder, read_folder
from groundwire_server.adapters.prompts.lint import TemplateLint
from groundwire_server.adapters.prompts.template import TemplateCompiler
from groundwire_server.app.configuration.errors import ConfigError
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.prompt_room import window_faults
from groundwire_server.app.parts.tokens import quick_counts
from groundwire_server.domain.prompts.registry import PromptConflictError, PromptRegistry, UnknownPromptError, joined
from groundwire_server.domain.prompts.variables import misfits, unused
from groundwire_server.ports.registry_records import RegistryState


def registry_of(folder: PromptFolder = NO_FOLDER, state: RegistryState | None = None) -> PromptRegistry:
    """Return all versions and labels that are in force at once.

    Args:
        folder: the operator's, as it was read with the configuration.
        state: of the records, whose labels go before those of the folder; None without records.

    Raises:
        PromptConflictError: when two texts have one number, or a label of the folder points at nothing.
    """
    state = state or RegistryState()
    registry = joined(
        (*built_in_versions(), *folder.versions, *state.versions), (*folder.labels, *state.labels), state.revision
    )
    if dangling := next(folder.dangling(registry), None):
        raise PromptConflictError(str(dangling))
    return registry


def begun_folder(folder: Path) -> PromptFolder:
    """Read a folder to which a version is added; one that is not there yet holds nothing."""
    return read_folder(folder) if folder.exists() else NO_FOLDER


def folder_faults(
    folder: PromptFolder, templates: TemplateCompiler, configuration: Configuration | None = None
) -> Iterator[FolderFault]:
    """Yield what keeps a folder from use: files that cannot be read, and templates with errors.

    Args:
        folder: as it was read.
        templates: compiles its versions.
        configuration: has the models whose tokens are counted, without their vocabularies; None estimates them.
    """
    yield from folder.faults
    lint = TemplateLint(templates, None if configuration is None else quick_counts(configuration))
    for each in folder.versions:
        for finding in lint.findings(each.name, each.version, each.text):
            if finding.error:
                yield FolderFault(folder.file(each.name, each.version), finding.line, finding.message)


def route_faults(
    configuration: Configuration, registry: PromptRegistry, templates: TemplateCompiler
) -> Iterator[ConfigError]:
    """Yield what keeps routes from using the prompts that they name, with their context and models."""
    prompts = PromptCatalogue(registry, templates)
    for name, route in configuration.routes.items():
        try:
            template = prompts.check(route.prompt.name, route.prompt.wanted)
        except UnknownPromptError as unknown:
            yield ConfigError(("routes", name, "prompt"), str(unknown))
            continue
        blocks = [section.block(block) for block, section in route.context.items()]
        for message in misfits(blocks, template.declared, template.bare):
            yield ConfigError(("routes", name, "context"), message)
        for message in window_faults(route, template, configuration):
            yield ConfigError(("routes", name, "prompt"), message)


def unused_blocks(
    configuration: Configuration, registry: PromptRegistry, templates: TemplateCompiler
) -> Iterator[ConfigError]:
    """Yield a warning for each block of a route's context that its prompt does not show.

    These are not errors: an earlier version may not know the block yet, and going back to it must stay possible.
    """
    prompts = PromptCatalogue(registry, templates)
    for name, route in configuration.routes.items():
        if not route.context:
            continue
        try:
            template = prompts.check(route.prompt.name, route.prompt.wanted)
        except UnknownPromptError:
            continue
        version = registry.required(route.prompt.name, route.prompt.wanted)
        shown = ", ".join(sorted(template.declared)) or "none"
        for block in unused([section.block(block) for block, section in route.context.items()], template.declared):
            said = f"the prompt {version.name}/{version.version} does not show it; its variables are: {shown}"
            yield ConfigError(("routes", name, "context", block), said)


def replaced_versions(registry: PromptRegistry) -> Iterator[ConfigError]:
    """Yield a warning for each version that is built in and is not used, since the operator has one of its number."""
    for name, version in sorted(registry.replaced):
        said = f"{name}/{version} is built in with another text, which the operator's replaces"
        yield ConfigError(("prompts",), f"{said}: give yours another number to tell them apart")


def offline_prompts(configuration: Configuration) -> PromptCatalogue:
    """Return the prompts that are there without the records.

    Raises:
        PromptConflictError: when the folder cannot be used.
    """
    templates = compiler()
    folder = configuration.prompts.folder
    read = NO_FOLDER if folder is None else read_folder(folder)
    if fault := next(folder_faults(read, templates, configuration), None):
        raise PromptConflictError(str(fault))
    return PromptCatalogue(registry_of(read), templates)
