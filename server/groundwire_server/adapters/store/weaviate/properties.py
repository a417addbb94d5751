"""Names of the properties in both collections; a new name is a change of the schema."""

from typing import Final

# Of chunks and of documents.
DOCUMENT: Final = "document"
"""The document's own uuid: an exact, short key."""
FACTS: Final = "facts"
"""The document's metadata as tokens; see `tokens.facts`."""
REVISION: Final = "revision"
BODY: Final = "body"
"""The change that wrote the passages: those of another than the document names do not count."""
ACCESS: Final = "access"
ABOUT: Final = "about"
"""Everything that no search needs, as one JSON value."""

# Of chunks.
CHUNK: Final = "chunk"
CHUNK_ID: Final = "chunk_id"
ORDINAL: Final = "ordinal"
TEXT: Final = "text"
TITLE: Final = "title"
"""The unchanged title, for a vectorizer."""
WHOLE: Final = "whole"
"""A document's whole text, where a vectorizer embeds `text`."""
TERMS: Final = "terms"
TITLE_TERMS: Final = "title_terms"
PLACE: Final = "place"
"""Where in its document a chunk stands, as JSON."""
SPANS: Final = "spans"
SENTENCE_VECTORS: Final = "sentence_vectors"

# Of documents.
POSITION: Final = "position"
"""The document id in a form that every collation sorts by code points."""
RECENCY: Final = "recency"
"""The time of the revision, then the position: sorts by time, and by id within one time."""
LIVE: Final = "live"
CONTENT_HASH: Final = "content_hash"
BODY_HASH: Final = "body_hash"
CHUNK_COUNT: Final = "chunk_count"
SIZE_BYTES: Final = "size_bytes"

# Of the object that stands for the corpus.
VERSION: Final = "version"

# Of the object that stands for a change of a document until it has ended.
PENDING: Final = "pending"
CHANGE: Final = "change"
"""The corpus version that it makes, and the body that it writes."""
UNTIL: Final = "until"
"""The POSIX time after which its writer no longer ends it."""
