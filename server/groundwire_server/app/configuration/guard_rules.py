"""Rules for guards that their sections alone cannot express: what they look for, and the screens that name them."""

from collections.abc import Collection, Iterator, Sequence

from groundwire_server.adapters.guards.languages import CODES
from groundwire_server.adapters.guards.linear_patterns import LinearPatterns, PatternError, check_pattern
from groundwire_server.adapters.guards.terms import BlankTermError, check_terms
from groundwire_server.app.configuration.errors import ConfigError, Path, check_tenant, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.guards import (
    GuardConfig,
    InjectionGuardConfig,
    InstructionsGuardConfig,
    LanguagesGuardConfig,
    NonsenseGuardConfig,
    PatternsGuardConfig,
    PersonalGuardConfig,
    PresidioGuardConfig,
    SecretsGuardConfig,
    TermsGuardConfig,
)
from groundwire_server.app.configuration.models.remote_guards import (
    ClassifierGuardConfig,
    GrpcGuardConfig,
    HttpGuardConfig,
    RemoteGuardConfig,
)
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.configuration.models.screens import AnswerGuardUseConfig, AnyGuardUse, actions_of
from groundwire_server.app.configuration.remote_guard_rules import check_guard_residency, check_provider
from groundwire_server.domain.guards.categories import INJECTION, INSTRUCTIONS, LANGUAGES, NONSENSE
from groundwire_server.domain.vocabulary import Screen, StreamMode


def check_guards(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each guard that cannot look for anything, and for each use that makes no sense."""
    for name, guard in configuration.guards.items():
        match guard:
            case PatternsGuardConfig():
                yield from _check_patterns(name, guard)
            case LanguagesGuardConfig():
                yield from _check_languages(name, guard)
            case TermsGuardConfig():
                yield from _check_terms(name, guard)
            case ClassifierGuardConfig() | HttpGuardConfig() | GrpcGuardConfig():
                yield from check_provider(configuration, name, guard)
            case _:
                pass
    for name, route in configuration.routes.items():
        yield from _check_screens(configuration, name, route)
    yield from _check_document_screen(configuration)


def categories_of(guard: GuardConfig) -> Collection[str]:
    """Return the categories of what a guard finds."""
    match guard:
        case ClassifierGuardConfig() | HttpGuardConfig() | GrpcGuardConfig():
            return guard.found_categories
        case PersonalGuardConfig() | SecretsGuardConfig() | PresidioGuardConfig():
            return guard.categories
        case InjectionGuardConfig():
            return INJECTION
        case InstructionsGuardConfig():
            return INSTRUCTIONS
        case NonsenseGuardConfig():
            return NONSENSE
        case LanguagesGuardConfig():
            return LANGUAGES
        case _:
            return (guard.category,)


def works_by_word(guard: GuardConfig) -> bool:
    """Whether nothing that a guard finds has white space in it, so that it can see text as it grows."""
    return isinstance(guard, SecretsGuardConfig)


def _check_terms(name: str, guard: TermsGuardConfig) -> Iterator[ConfigError]:
    if guard.terms is None and guard.file is None:
        yield ConfigError(("guards", name), "has no terms: set terms, or file")
    for place, term in enumerate(guard.terms or ()):
        try:
            check_terms((term,))
        except BlankTermError:
            yield ConfigError(("guards", name, "terms", place), "has no letter or digit: leave it out")


def _check_patterns(name: str, guard: PatternsGuardConfig) -> Iterator[ConfigError]:
    wrong = False
    for place, pattern in enumerate(guard.patterns):
        try:
            check_pattern(pattern)
        except PatternError as error:
            wrong = True
            said = f"cannot be run in time in proportion to the text: {error}; RE2's syntax has what can"
            yield ConfigError(("guards", name, "patterns", place), said)
    if not wrong:
        try:
            LinearPatterns(dict(zip(map(str, range(len(guard.patterns))), guard.patterns, strict=True)))
        except PatternError as error:
            yield ConfigError(("guards", name, "patterns"), str(error))


def _check_languages(name: str, guard: LanguagesGuardConfig) -> Iterator[ConfigError]:
    for place, code in enumerate(guard.serves):
        if code not in CODES:
            said = not_among(code, CODES, "a language that is not told apart")
            yield ConfigError(("guards", name, "serves", place), said)


def _check_screens(configuration: Configuration, route: str, section: RouteConfig) -> Iterator[ConfigError]:
    for screen, uses in section.screens.uses.items():
        path: Path = ("routes", route, "screens", screen.lower(), "use")
        yield from _check_uses(configuration, path, uses)
        provisional = section.mode is StreamMode.PROVISIONAL and screen is Screen.ANSWER
        for place, use in enumerate(uses):
            guard = configuration.guards.get(use.guard)
            if isinstance(guard, RemoteGuardConfig):
                yield from check_guard_residency(configuration, section, (*path, place), guard)
            if provisional and guard is not None and actions_of(use).changes and not works_by_word(guard):
                said = (
                    "may block or mask, and with mode PROVISIONAL text leaves before it was seen: use CHECKED, or FLAG"
                )
                yield ConfigError((*path, place, "action"), said)


def _check_document_screen(configuration: Configuration) -> Iterator[ConfigError]:
    path: Path = ("ingest", "screen", "use")
    uses = configuration.ingest.screen.use
    yield from _check_uses(configuration, path, uses)
    for place, use in enumerate(uses):
        if isinstance(configuration.guards.get(use.guard), RemoteGuardConfig):
            said = "is behind an endpoint, and documents are screened in the server: name a guard of another kind"
            yield ConfigError((*path, place, "guard"), said)


def _check_uses(configuration: Configuration, screen: Path, uses: Sequence[AnyGuardUse]) -> Iterator[ConfigError]:
    """Yield an error for each use of a guard on one screen that names what does not exist, or a guard again."""
    before: list[AnyGuardUse] = []
    for place, use in enumerate(uses):
        path: Path = (*screen, place)
        guard = configuration.guards.get(use.guard)
        if guard is None:
            said = not_among(use.guard, configuration.guards, "there is no guard of this name")
            yield ConfigError((*path, "guard"), said)
            continue
        if any(_both_look(use, other) for other in before):
            yield ConfigError((*path, "guard"), "is named twice on this screen: give one entry all that it does")
        before.append(use)
        yield from _check_categories(use, categories_of(guard), path)
        yield from _check_tenants(configuration, use, path)


def _both_look(use: AnyGuardUse, other: AnyGuardUse) -> bool:
    """Return whether two uses are of one guard, for one tenant at least."""
    if use.guard != other.guard:
        return False
    return use.tenants is None or other.tenants is None or not set(use.tenants).isdisjoint(other.tenants)


def _check_categories(use: AnyGuardUse, known: Collection[str], path: Path) -> Iterator[ConfigError]:
    unless_shown = use.unless_shown if isinstance(use, AnswerGuardUseConfig) else frozenset()
    named = [((*path, "categories", category), category) for category in use.categories]
    named += [((*path, "unless_shown"), category) for category in sorted(unless_shown)]
    for place, category in named:
        if category not in known:
            said = not_among(category, known, f"the guard {use.guard} knows no category of this name")
            yield ConfigError(place, said)


def _check_tenants(configuration: Configuration, use: AnyGuardUse, path: Path) -> Iterator[ConfigError]:
    for tenant in use.tenants or ():
        yield from check_tenant((*path, "tenants"), tenant, configuration.tenants)
