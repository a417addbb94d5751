"""Texts as UTF-8 can hold them."""


def encodable(text: str) -> str:
    """Return a text as UTF-8 can hold it, with a question mark for each half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
