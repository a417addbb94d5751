"""The exchange of a recorded question, as JSON: the passages once, and everything else that names them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator

from groundwire_server.domain.plain import PassageTable, UnreadableError, plain, value_of
from groundwire_server.ports.exchange import RecordedExchange

_PASSAGES: Final = "passages"
"""The key of the passages; nothing else of an exchange is called so."""


def exchange_to_json(exchange: RecordedExchange) -> dict[str, Any]:
    """Return an exchange as a JSON object."""
    table = PassageTable()
    written = plain(RecordedExchange, exchange, table)
    return {_PASSAGES: table.passages, **written}


def exchange_from_json(given: object) -> RecordedExchange:
    """Return the exchange of a JSON object.

    Raises:
        UnreadableError: where it is none; the text says where, and never a value.
    """
    if isinstance(given, RecordedExchange):
        return given
    if not isinstance(given, Mapping) or not isinstance(given.get(_PASSAGES, []), list):
        raise UnreadableError("is not an exchange")
    rest = {name: value for name, value in given.items() if name != _PASSAGES}
    server = rest.get("server")
    try:
        found: RecordedExchange = value_of(RecordedExchange, rest, PassageTable(given.get(_PASSAGES, [])))
    except UnreadableError as error:
        by = f" of groundwire-server {server[:32]}" if isinstance(server, str) else ""
        raise UnreadableError(f"cannot be read as an exchange{by}: `{str(error).removeprefix('.')}`") from None
    return found


ExchangePart = Annotated[RecordedExchange, PlainValidator(exchange_from_json), PlainSerializer(exchange_to_json)]
"""An exchange as a field of a record."""
