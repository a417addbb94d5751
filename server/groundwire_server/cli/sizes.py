"""Sizes for people to read."""

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def size(count: int) -> str:
    """Return a number of bytes in the unit that leaves at most four digits."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    unit = "B"
    for each in _UNITS:
        amount, unit = amount / 1024, each
        if amount < 1000:
            break
    return f"{amount:.1f} {unit}"
