"""Names of what is counted. As with spans, nothing here ever holds a text; a count names neither tenant nor caller."""

PASSAGES_DROPPED = "groundwire.passages.dropped"
"""Passages that a store returned to a caller who may not see them, and that were dropped. Anything but 0 is an error of
the store's; the security log names the tenant."""
