from groundwire_server.adapters.prompts.files import BUILT_IN, FilePrompts
from groundwire_server.app.routes import built_in_routes
from groundwire_server.domain.vocabulary import Action


def test_every_route_names_a_prompt_that_exists() -> None:
    prompts = FilePrompts(BUILT_IN)
    for name, policy in built_in_routes().items():
        assert policy.route == name
        prompts.check(policy.prompt, policy.prompt_version)


def test_every_row_ends_in_an_action_that_is_always_possible() -> None:
    for policy in built_in_routes().values():
        for cause, actions in policy.fallbacks.items():
            assert actions[-1] in {Action.ABSTAIN, Action.FAIL_SAFE}, cause
