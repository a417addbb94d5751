"""What the classifier sees of a statement that no rule objects to firmly."""

from collections.abc import Sequence
from itertools import pairwise

from groundwire_server.domain.claims.alignment import Alignment, TermPlace
from groundwire_server.domain.claims.rules.objection import Objection
from groundwire_server.domain.claims.rules.structure import has_counterparts
from groundwire_server.domain.vocabulary import ConflictKind

FEATURES = (
    "terms",
    "matched",
    "matched_in_first",
    "covered",
    "found_elsewhere",
    "found_nowhere",
    "count_nowhere",
    "count_elsewhere",
    "related",
    "moved",
    "moved_names",
    "names_elsewhere",
    "numbers",
    "units",
    "first_unit_used",
    "longest_gap",
    "gaps",
    "added",
    "longest_addition",
    "added_at_end",
    "replaced_tightly",
    "replaced_loosely",
    "replaced_by_elsewhere",
    "pairs",
    "inversions",
    "soft_number",
    "soft_name",
    "soft_negation",
    "soft_quantifier",
    "soft_role",
    "soft_condition",
    "soft_modality",
    "soft_attribution",
)

_SOFT = (
    ConflictKind.NUMBER,
    ConflictKind.NAME,
    ConflictKind.NEGATION,
    ConflictKind.QUANTIFIER,
    ConflictKind.ROLE,
    ConflictKind.CONDITION,
    ConflictKind.MODALITY,
    ConflictKind.ATTRIBUTION,
)
_STRANGE = (TermPlace.ELSEWHERE, TermPlace.NOWHERE)


def features(alignment: Alignment, found: Sequence[Objection]) -> list[float]:
    """Return the features of an aligned statement, in the order of `FEATURES`."""
    statement, places = alignment.statement, alignment.places
    own = [statement.terms[position] for position in statement.sig]
    content = [index for index, term in enumerate(own) if term.content and not (term.number or term.sign)]
    size, total = max(1, len(content)), max(1, len(places))
    counts = [0] * (len(TermPlace) + 1)
    moved_names = names_elsewhere = 0
    for index in content:
        place = places[index]
        counts[place] += 1
        if own[index].capital:
            moved_names += place is TermPlace.MOVED
            names_elsewhere += place is TermPlace.ELSEWHERE
    added = longest = tight = loose = elsewhere = 0
    at_end = 0
    for gap in alignment.gaps:
        strange = [index for index in range(gap.start, gap.end) if places[index] in _STRANGE and own[index].content]
        if not strange:
            continue
        if not has_counterparts(alignment, gap):
            added += len(strange)
            longest = max(longest, len(strange))
        else:
            tight += gap.tight
            loose += not gap.tight
            elsewhere += any(places[index] is TermPlace.ELSEWHERE for index in strange)
        if gap.end == len(places):
            at_end = len(strange)
    soft = [sum(each.kind is kind and not each.firm for each in found) for kind in _SOFT]
    positions = {norm: index for index, norm in enumerate(alignment.units[0].norms)} if alignment.units else {}
    order = [positions[norm] for norm in statement.norms if norm in positions]
    said = set(pairwise(statement.norms))
    given = {pair for unit in alignment.units for pair in pairwise(unit.norms)}
    return [
        len(content),
        counts[TermPlace.MATCHED] / size,
        sum(owner == 0 for owner in alignment.owner) / total,
        (counts[TermPlace.MATCHED] + counts[TermPlace.MOVED] + counts[TermPlace.REPEATED]) / size,
        counts[TermPlace.ELSEWHERE] / size,
        counts[TermPlace.NOWHERE] / size,
        counts[TermPlace.NOWHERE],
        counts[TermPlace.ELSEWHERE],
        counts[TermPlace.RELATED] / size,
        counts[TermPlace.MOVED],
        moved_names,
        names_elsewhere,
        len(statement.quantities),
        len(alignment.units),
        len(alignment.used[0]) / len(alignment.units[0].sig) if alignment.units else 0.0,
        max((gap.end - gap.start for gap in alignment.gaps), default=0),
        len(alignment.gaps),
        added,
        longest,
        at_end,
        tight,
        loose,
        elsewhere,
        len(said & given) / max(1, len(said)),
        sum(after < before for before, after in pairwise(order)),
        *soft,
    ]
