"""`groundwire tokens calibrate`."""

import asyncio
from typing import Annotated

import typer

from groundwire_server.cli.arguments import Config
from groundwire_server.cli.exits import CommandError, ExitCode


def calibrate(
    model: Annotated[str, typer.Argument(metavar="ALIAS", help="The model, by its alias in the configuration.")],
    config: Config = None,
) -> None:
    """Fit the estimate of a model's tokens to its provider's own count, and print it for the configuration.

    The provider is asked to count a text in each of ten scripts, which costs nothing. Anthropic has an endpoint for it.
    """
    from groundwire_server.app.token_counts import calibrated  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.configured import configuration_from, known_model  # noqa: PLC0415
    from groundwire_server.cli.words import CAUSES  # noqa: PLC0415
    from groundwire_server.domain.failure import Failure, SetupError  # noqa: PLC0415

    configuration = configuration_from(config)
    alias = known_model(model, configuration)
    try:
        found = asyncio.run(calibrated(alias, configuration))
    except (SetupError, OSError) as unusable:
        raise CommandError(ExitCode.USAGE, str(unusable)) from None
    except Failure as failure:
        raise CommandError(ExitCode.FAILED, f"the provider did not count: {CAUSES[failure.cause.value]}") from None
    factors = ", ".join(f"{script}: {factor}" for script, factor in found.calibration.items())
    print(f"# models.{alias}\ntokens:\n  kind: estimate\n  family: {found.family}\n  calibration: {{{factors}}}")
