"""What a document says about itself, in types that filters can ask about."""

from collections.abc import Mapping
from typing import TypeAlias

MetadataValue: TypeAlias = str | float | bool | tuple[str, ...]
Metadata: TypeAlias = Mapping[str, MetadataValue]
