"""Edits: how many typing errors lie between two words."""


def edits(one: str, other: str, most: int) -> int:
    """Return how many letters must be changed, added, left out or exchanged with a neighbour; `most` + 1 if more.

    Args:
        one: a word.
        other: another one.
        most: edits that are counted.
    """
    if abs(len(one) - len(other)) > most or len(set(one) ^ set(other)) > 2 * most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        earlier, before = before, row
        row = [place]
        for index, opposite in enumerate(other, 1):
            cost = min(before[index] + 1, row[index - 1] + 1, before[index - 1] + (letter != opposite))
            if place > 1 and index > 1 and letter == other[index - 2] and one[place - 2] == opposite:
                cost = min(cost, earlier[index - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
