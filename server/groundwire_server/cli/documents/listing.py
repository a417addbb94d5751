"""Printing documents page by page."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from google.protobuf import json_format
from rich.table import Table
from rich.text import Text

import groundwire
from groundwire.v1.document_pb2 import DocumentInfo, DocumentOrder
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.sizes import size

PAGE = 500

_TABLE_WIDTH = 72
"""Columns below which a table would break its words."""
_GAP = 2
_FACTS = (("rev", 4), ("passages", 8), ("size", 9), ("stored", 10))


def listed(client: groundwire.SyncClient, condition: groundwire.Filter | None, order: str) -> Iterator[DocumentInfo]:
    """Yield the documents of a list; the order is a value of DocumentOrder without its prefix, in lower case."""
    number = DocumentOrder.Value(f"DOCUMENT_ORDER_{order.upper()}")
    return client.list_documents(filter=condition, order=number, page_size=PAGE)


def print_lines(documents: Iterable[DocumentInfo]) -> None:
    """Print one JSON object a line, as the contract maps it."""
    for document in documents:
        print(json_format.MessageToJson(document, indent=None))


def print_table(documents: Iterator[DocumentInfo], *, filtered: bool = False) -> None:
    """Print a table, page by page as they arrive; two lines for each document on a narrow terminal.

    Into a pipe or a file it prints tabs and whole words, one document a line, for `cut`, `sort` and `grep`.
    """
    console = Terminal()
    count = 0
    while page := list(islice(documents, PAGE)):
        if not console.is_terminal:
            for document in page:
                print(_tabbed(document))
        elif console.width < _TABLE_WIDTH:
            for document in page:
                _print_narrow(console, document)
        else:
            console.print(_table(page, console.width, heads=count == 0))
        count += len(page)
    # Beside the output, so that what reads it counts lines alone.
    nothing = f"no documents that you may see{' satisfy the filter' if filtered else ''}"
    print(f"{count} document{'' if count == 1 else 's'}" if count else nothing, file=sys.stderr)


def _table(page: Iterable[DocumentInfo], width: int, *, heads: bool) -> Table:
    """Return a page; its columns are as wide as those of every other page."""
    rest = width - sum(fact + _GAP for _, fact in _FACTS) - _GAP
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=heads, header_style="bold")
    table.add_column("id", width=rest * 3 // 5, overflow="fold")
    table.add_column("title", width=rest - rest * 3 // 5, overflow="ellipsis", no_wrap=True)
    for name, fact in _FACTS:
        table.add_column(name, width=fact, no_wrap=True, justify="right")
    for document in page:
        table.add_row(Text(document.document_id), Text(one_line(document.title)), *_facts(document))
    return table


def _tabbed(document: DocumentInfo) -> str:
    stored = document.update_time.ToJsonString()
    numbers = (document.revision, document.chunk_count, document.size_bytes)
    return "\t".join((document.document_id, one_line(document.title), *map(str, numbers), stored))


def _print_narrow(console: Terminal, document: DocumentInfo) -> None:
    console.hang(Text(), Text(document.document_id, style="bold"))
    title = one_line(document.title)
    if title:
        console.hang(Text("  "), Text(title))
    revision, passages, length, stored = _facts(document)
    facts = f"revision {revision}, passages {passages}, {length}, {stored}"
    console.hang(Text("  "), Text(facts, style="dim"))


def _facts(document: DocumentInfo) -> tuple[str, str, str, str]:
    stored = document.update_time.ToDatetime().strftime("%Y-%m-%d")
    return str(document.revision), str(document.chunk_count), size(document.size_bytes), stored
