"""Names of the properties in both collections; renaming one makes a new schema."""

from typing import Final

# Of chunks and of documents.
DOCUMENT: Final = "document"
"""The document's own uuid: an exact, short key."""
REVISION: Final = "revision"
ACCESS: Final = "access"
ABOUT: Final = "about"
"""What is only ever read, as one JSON value."""

# Of chunks.
CHUNK: Final = "chunk"
CHUNK_ID: Final = "chunk_id"
ORDINAL: Final = "ordinal"
TEXT: Final = "text"
TITLE: Final = "title"
"""As it is, for a vectorizer."""
WHOLE: Final = "whole"
"""A document's text where a vectorizer embeds what is under `text`."""
TERMS: Final = "terms"
TITLE_TERMS: Final = "title_terms"
FACTS: Final = "facts"
SPANS: Final = "spans"
SENTENCE_VECTORS: Final = "sentence_vectors"

# Of documents.
POSITION: Final = "position"
"""The document id so that every collation sorts it by code points."""
LIVE: Final = "live"
PENDING: Final = "pending"
CONTENT_HASH: Final = "content_hash"
BODY_HASH: Final = "body_hash"
BODY: Final = "body"
CHUNK_COUNT: Final = "chunk_count"
SIZE_BYTES: Final = "size_bytes"

# Of the object that stands for the corpus.
VERSION: Final = "version"
NEXT_VERSION: Final = "next_version"
NEXT_AT: Final = "next_at"
