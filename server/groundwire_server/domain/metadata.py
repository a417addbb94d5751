"""A document's metadata, in types that filters support."""

from collections.abc import Mapping
from typing import TypeAlias

MetadataValue: TypeAlias = str | float | bool | tuple[str, ...]
Metadata: TypeAlias = Mapping[str, MetadataValue]
