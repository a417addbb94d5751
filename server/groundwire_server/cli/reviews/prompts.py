"""Asking a reviewer on the terminal."""

import sys
from collections.abc import Mapping, Sequence

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.reviews.words import FAULTS


def require_terminal(instead: str) -> None:
    """Make sure that there is somebody to ask.

    Args:
        instead: what to do where there is not.

    Raises:
        CommandError: when there is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(ExitCode.USAGE, f"there is no terminal to ask on: {instead}")


def chosen(choices: Mapping[str, str]) -> str:
    """Ask for one of some keys until one is typed; return it.

    Args:
        choices: what each key does, by the key; the end of the input is the last one.
    """
    said = ", ".join(f"[{key}] {meaning}" for key, meaning in choices.items())
    while True:
        print(f"{said}: ", end="", file=sys.stderr, flush=True)
        key = _key()
        if not key:
            print(file=sys.stderr)
            return list(choices)[-1]
        if key in choices:
            return key


def line(label: str) -> str:
    """Ask for a line, which may be empty; return it."""
    print(f"{label}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def faults() -> Sequence[str]:
    """Ask what is wrong with a draft; return the names of the faults."""
    names = list(FAULTS)
    for number, name in enumerate(names, 1):
        print(f"  {number} {name.lower().replace('_', ' ')}: {FAULTS[name]}", file=sys.stderr)
    while True:
        typed = line("what is wrong? numbers, or nothing").replace(",", " ").split()
        if all(each.isdecimal() and 1 <= int(each) <= len(names) for each in typed):
            return [names[int(each) - 1] for each in dict.fromkeys(typed)]
        print(f"groundwire: give numbers from 1 to {len(names)}, such as 1 3", file=sys.stderr)


def _key() -> str:
    """Return the key that is pressed, in lower case, without waiting for Enter where the terminal allows that."""
    try:
        import termios  # noqa: PLC0415  # not there on every system
        import tty  # noqa: PLC0415

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (ImportError, OSError, ValueError, AttributeError):
        return _typed()
    try:
        tty.setcbreak(descriptor)
        key = sys.stdin.read(1).lower()
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
    print(key.strip(), file=sys.stderr)
    return "\x00" if key.isspace() else key


def _typed() -> str:
    """Return the first character of a line; a blank one is no choice, and the end of the input is empty."""
    typed = sys.stdin.readline()
    return typed.strip().lower()[:1] or ("\x00" if typed else "")
