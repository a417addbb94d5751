"""The Python Language Reference, which comes with every Python, as documents."""

import sys
from collections.abc import Iterator, Mapping
from pydoc_data.topics import topics  # type: ignore[import-not-found,unused-ignore]
from types import MappingProxyType

from groundwire.v1.document_pb2 import Document
from groundwire.v1.filter_pb2 import MetadataValue

_PAGES: Mapping[str, str] = MappingProxyType(
    {
        "reference/lexical_analysis": "floating id-classes identifiers imaginary integers numbers strings",
        "reference/datamodel": "attribute-access callable-types context-managers customization numeric-types objects "
        "sequence-types specialnames types",
        "reference/executionmodel": "dynamic-features exceptions execmodel naming",
        "reference/expressions": "atom-identifiers atom-literals attribute-references await binary bitwise booleans "
        "calls comparisons conversions dict exprlists in lambda lists operator-summary power shifting slicings "
        "subscriptions unary",
        "reference/simple_stmts": "assert assignment augassign break continue del global import nonlocal pass raise "
        "return yield",
        "reference/compound_stmts": "async class compound for function if try while with",
        "library/stdtypes": "bltin-code-objects bltin-ellipsis-object bltin-null-object bltin-type-objects "
        "specialattrs string-methods truth typesfunctions typesmapping typesmethods typesmodules typesseq "
        "typesseq-mutable",
        "library/string": "formatstrings",
        "library/pdb": "debugger",
    }
)


def size() -> int:
    """Return the number of documents."""
    return len(topics)


def documents() -> Iterator[Document]:
    """Yield one document per topic, visible to everyone in the tenant."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for topic, text in sorted(topics.items()):
        yield Document(
            document_id=topic,
            title=_title(text) or topic,
            source_uri=_address(topic, version),
            text=text,
            metadata={"python": MetadataValue(string_value=version)},
            allowed_principals=["*"],
        )


def _title(text: str) -> str:
    """Return the topic's first line without its formatting."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "").replace('"', "").replace("`", "")


def _address(topic: str, version: str) -> str:
    """Return the topic's address; its name is the anchor in the page."""
    for page, listed in _PAGES.items():
        if topic in listed.split():
            return f"https://docs.python.org/{version}/{page}.html#{topic}"
    return f"pydoc:{topic}"
