"""Reading facts from files."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from google.protobuf import json_format

from groundwire.v1.grounding_service_pb2 import Fact
from groundwire_server.app.configuration.errors import not_among
from groundwire_server.cli.check.text import read_file
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files.finding import is_lines
from groundwire_server.cli.files.reading import identifier
from groundwire_server.domain.text.sentences import sentences

FACTS_LIMIT: Final = 200
FACT_LIMIT: Final = 10_000
"""The longest fact, in code points."""

_FILE_LIMIT: Final = 16 * 1024 * 1024


def read_facts(files: Iterable[Path]) -> Sequence[Fact]:
    """Return the facts that files hold.

    Raises:
        CommandError: USAGE when a file cannot be read, holds something else, or there are too many facts.
    """
    facts = [fact for file in files for fact in _facts_of(file)]
    if len(facts) > FACTS_LIMIT:
        raise _wrong(f"the files hold {len(facts)} facts, and {FACTS_LIMIT} are checked at once: leave some out")
    known: set[str] = set()
    for fact in facts:
        if fact.fact_id in known:
            raise _wrong(f"two facts have the id {fact.fact_id}: give each its own")
        known.add(fact.fact_id)
    return facts


def _facts_of(file: Path) -> Iterator[Fact]:
    text = read_file(file, _FILE_LIMIT)
    if is_lines(file):
        lines = ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())
        for number, line in lines:
            yield _fact(_parsed(line, f"{file}:{number}"), f"{identifier(file)}:{number}", f"{file}:{number}")
    elif file.suffix.lower() == ".json":
        listed = _parsed(text, str(file))
        if not isinstance(listed, list):
            raise _wrong(f"{file} is not a list of facts")
        for number, value in enumerate(listed, 1):
            yield _fact(value, f"{identifier(file)}:{number}", f"{file}, fact {number}")
    else:
        pieces = list(_pieces(text))
        if not pieces:
            raise _wrong(f"{file} has no text")
        for number, piece in enumerate(pieces, 1):
            place = f"{identifier(file)}:{number}" if len(pieces) > 1 else identifier(file)
            yield Fact(fact_id=place, title=file.name, text=piece)


def _parsed(text: str, place: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise _wrong(f"{place} is not JSON: {str(wrong).partition(chr(10))[0]}") from None


def _fact(value: object, default_id: str, place: str) -> Fact:
    """Return the fact that a value of JSON is.

    Args:
        value: a text, or an object as the contract maps it.
        default_id: the id of a fact that has none.
        place: names the value in messages.
    """
    fact = Fact()
    try:
        if isinstance(value, str):
            fact.text = value
        elif isinstance(value, dict):
            _check_keys(value, place)
            json_format.ParseDict(value, fact)
        else:
            raise _wrong(f"{place} is neither a text nor an object with a text")
    except UnicodeEncodeError:
        raise _wrong(f"{place} has a lone surrogate, which is half of a character: correct it") from None
    except (ValueError, RecursionError, json_format.ParseError) as wrong:
        raise _wrong(f"{place} is not a fact: {str(wrong).partition(chr(10))[0]}") from None
    if not fact.text.strip():
        raise _wrong(f"{place} has no text")
    if len(fact.text) > FACT_LIMIT:
        raise _wrong(f"{place} has {len(fact.text)} characters, and {FACT_LIMIT} are allowed: split it")
    fact.fact_id = fact.fact_id or default_id
    return fact


def _check_keys(value: Mapping[str, object], place: str) -> None:
    """Make sure that an object has the keys of a fact alone, each with a text.

    Raises:
        CommandError: for the first that is not so.
    """
    named = Fact.DESCRIPTOR.fields_by_name
    names = {*named, *(field.json_name for field in named.values())}
    for key, each in value.items():
        if key not in names:
            raise _wrong(not_among(key, named, f"{place}: {key} is an unknown key"))
        if not isinstance(each, str | None):
            raise _wrong(f"{place}: {key} must be a text")


def _pieces(text: str) -> Iterator[str]:
    """Cut a text between sentences, into pieces that are each short enough for a fact."""
    begin, last = -1, 0
    for start, end in sentences(text):
        if begin >= 0 and end - begin > FACT_LIMIT:
            yield text[begin:last]
            begin = -1
        begin = start if begin < 0 else begin
        last = end
    if begin >= 0:
        yield text[begin:last]


def _wrong(message: str) -> CommandError:
    return CommandError(ExitCode.USAGE, message)
