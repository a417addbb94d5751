"""Objects from and to Weaviate's messages."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from weaviate.proto.v1 import base_pb2, batch_pb2, properties_pb2, search_get_pb2

from tests.doubles.weaviate.memory import Array, Collection, Kept, normalised


def vector(packed: bytes) -> Array:
    return np.frombuffer(packed, "<f4").astype(np.float32)


def received(new: batch_pb2.BatchObject) -> Kept:
    written = new.properties
    properties: dict[str, Any] = {
        name: getattr(value, str(value.WhichOneof("kind"))) for name, value in written.non_ref_properties.fields.items()
    }
    properties.update({each.prop_name: list(each.values) for each in written.text_array_properties})
    properties.update({name: [] for name in written.empty_list_props})
    return Kept(new.uuid, properties, {each.name: normalised(vector(each.vector_bytes)) for each in new.vectors})


def result(
    collection: Collection,
    kept: Kept,
    asked: search_get_pb2.SearchRequest,
    score: float | None = None,
    explained: str | None = None,
    distance: float | None = None,
) -> search_get_pb2.SearchResult:
    metadata = search_get_pb2.MetadataResult(id=kept.id, id_as_bytes=UUID(kept.id).bytes)
    if score is not None and asked.metadata.score:
        metadata.score, metadata.score_present = score, True
    if explained is not None and asked.metadata.explain_score:
        metadata.explain_score, metadata.explain_score_present = explained, True
    if distance is not None and asked.metadata.distance:
        metadata.distance, metadata.distance_present = distance, True
    for name in asked.metadata.vectors:
        if name in kept.vectors:
            packed = kept.vectors[name].astype("<f4").tobytes()
            single = base_pb2.Vectors.VECTOR_TYPE_SINGLE_FP32
            metadata.vectors.append(base_pb2.Vectors(name=name, vector_bytes=packed, type=single))
    types = collection.types
    fields = {name: _value(types[name], kept.properties.get(name)) for name in asked.properties.non_ref_properties}
    return search_get_pb2.SearchResult(
        metadata=metadata,
        properties=search_get_pb2.PropertiesResult(
            non_ref_props=properties_pb2.Properties(fields=fields), target_collection=collection.name
        ),
    )


def patched(kept: Kept, properties: Mapping[str, Any]) -> Kept:
    return Kept(kept.id, {**kept.properties, **properties}, kept.vectors)


def _value(kind: str, found: Any) -> properties_pb2.Value:
    if found is None:
        return properties_pb2.Value(null_value="NULL_VALUE")
    match kind:
        case "text":
            return properties_pb2.Value(text_value=found)
        case "int":
            return properties_pb2.Value(int_value=int(found))
        case "number":
            return properties_pb2.Value(number_value=found)
        case "boolean":
            return properties_pb2.Value(bool_value=found)
        case _:
            texts = properties_pb2.TextValues(values=found)
            return properties_pb2.Value(list_value=properties_pb2.ListValue(text_values=texts))
