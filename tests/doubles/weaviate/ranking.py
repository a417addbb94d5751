"""Ranking as Weaviate does it: BM25 over what white space parts, cosine, and their fusion by relative score."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log

import numpy as np

from tests.doubles.weaviate.memory import AccessDenied, Array, Kept, Tenant

_K1, _B = 1.2, 0.75
Ranking = dict[str, float]
Admits = Callable[[Kept], bool]


def by_keyword(
    tenant: Tenant, admits: Admits, query: str, fields: Sequence[str], limit: int, cuts: Mapping[str, str]
) -> Ranking:
    """The best objects that have one of the words.

    `fields` are names, with `^` and a boost; `cuts` says how the texts under a name are cut.
    """
    scores: Counter[str] = Counter()
    for field in fields:
        name, _, boost = field.partition("^")
        words = list(dict.fromkeys(_tokens(query, cuts[name])))
        held = {each.id: str(each.properties.get(name) or "") for each in tenant.objects.values()}
        counts = {each: Counter(_tokens(text, cuts[name])) for each, text in held.items()}
        lengths = {each: count.total() for each, count in counts.items()}
        average = sum(lengths.values()) / len(lengths) if any(lengths.values()) else 1.0
        for word in words:
            having = [each for each, count in counts.items() if word in count]
            idf = log(1 + (len(counts) - len(having) + 0.5) / (len(having) + 0.5))
            for each in having:
                often = counts[each][word]
                weight = often * (_K1 + 1) / (often + _K1 * (1 - _B + _B * lengths[each] / average))
                scores[each] += idf * weight * float(boost or 1)  # type: ignore[assignment]
    admitted = {each: score for each, score in scores.items() if admits(tenant.objects[each])}
    return first(admitted, limit)


def _tokens(text: str, cut_by: str) -> Sequence[str]:
    match cut_by:
        case "whitespace":
            return text.split()
        case "trigram":
            joined = "".join(each for each in text.lower() if each.isalnum())
            return [joined[place : place + 3] for place in range(len(joined) - 2)]
        case _:
            raise AccessDenied(f"unknown tokenization {cut_by}")


def by_vector(tenant: Tenant, admits: Admits, name: str, asked: Array, limit: int, most: float | None) -> Ranking:
    """The closest objects, by cosine."""
    known = tenant.dimensions.get(name)
    if known is not None and known != len(asked):
        raise AccessDenied(
            f"knn search: distance between entrypoint and query node: {known} vs {len(asked)}: "
            "vector lengths don't match"
        )
    having = [each for each in tenant.objects.values() if name in each.vectors and admits(each)]
    if not having:
        return {}
    products = np.stack([each.vectors[name] for each in having]) @ asked
    scores = {each.id: float(product) for each, product in zip(having, products, strict=True)}
    near = {each: score for each, score in scores.items() if most is None or 1 - score <= most}
    return first(near, limit)


def fused(keywords: Ranking, vectors: Ranking, alpha: float) -> tuple[Ranking, Mapping[str, str]]:
    """Both legs combined, with an explanation of each score."""
    combined: dict[str, float] = {}
    explained: dict[str, str] = {}
    for leg, weight, scores in (("keyword,bm25", 1 - alpha, keywords), ("vector,hybridVector", alpha, vectors)):
        least, most = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
        for each, score in scores.items():
            relative = weight if most == least else weight * (score - least) / (most - least)
            said = (
                f"\nHybrid (Result Set {leg}) Document {each}: original score {score:g}, normalized score: {relative:g}"
            )
            explained[each] = f"{explained[each]} - {said}" if each in explained else said
            combined[each] = combined.get(each, 0.0) + relative
    # Equals go by what a leg thought of them, the keyword leg's word before the other's.
    ranked = sorted(combined, key=lambda each: (-combined[each], -keywords.get(each, vectors.get(each, 0.0)), each))
    return {each: combined[each] for each in ranked}, explained


def first(scores: Mapping[str, float], limit: int) -> Ranking:
    """The best, best first; equals by id."""
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit])


def cut(scores: Ranking, jumps: int) -> Ranking:
    """Autocut: what comes before the given number of jumps in the scores."""
    values = list(scores.values())
    if jumps <= 0 or len(values) < 2:
        return scores
    steps = np.array(values[:-1]) - np.array(values[1:])
    found = [place for place, step in enumerate(steps) if step > 2 * steps.mean()]
    end = found[jumps - 1] + 1 if len(found) >= jumps else len(values)
    return dict(list(scores.items())[:end])
