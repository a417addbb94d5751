"""What the help says beside the options."""

from collections.abc import Iterable


def epilog(examples: Iterable[str], after: str = "") -> str:
    """Examples, one a line, and a paragraph after them."""
    listed = "\n".join(f"  {example}" for example in examples)
    # \b keeps the lines of a paragraph as they are.
    return f"\b\nExamples:\n{listed}" + (f"\n\n{after}" if after else "")
