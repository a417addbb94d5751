"""The contract's limits that are told to callers; a test holds them and the contract's own constraints together."""

from groundwire_server.domain.document import TEXT_LIMIT

RECEIVE_LIMIT = 16 * 1024 * 1024
"""The largest message taken, in bytes."""

DOCUMENT_LIMIT = TEXT_LIMIT
"""The largest text of a document, in UTF-8 bytes."""

QUESTION_LIMIT = 4096
"""The longest question, in code points."""

TURNS_LIMIT = 16
"""The most earlier turns of a conversation."""

PASSAGES_LIMIT = 64
"""The most passages of a search, or of a caller's own."""

FACTS_LIMIT = 200
"""The most facts of a grounding check."""

PAGE_LIMIT = 1000
"""The most entries of a page."""

RESUME_WINDOW_LIMIT = 300.0
"""The longest resume window, in seconds."""
