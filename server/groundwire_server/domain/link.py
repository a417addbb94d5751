"""Links to a place in a document."""

import re
from typing import Final
from urllib.parse import quote

from groundwire_server.domain.document import Place

_LEFT_OUT: Final = re.compile(r"[^\w\- ]")


def link(source_uri: str, place: Place) -> str:
    """Return a document's URI with a passage's place in it.

    Pages come before sections: `#page=3`, as readers of PDF understand it. The anchor of a section is the one that
    GitHub, MkDocs and most generators of documentation make of its last heading. A URI with a fragment of its own, and
    one of a document without places, is returned as it is.
    """
    if not source_uri or "#" in source_uri:
        return source_uri
    if place.page:
        return f"{source_uri}#page={place.page}"
    anchor = _anchor(place.section[-1]) if place.section else ""
    return f"{source_uri}#{quote(anchor)}" if anchor else source_uri


def _anchor(heading: str) -> str:
    return _LEFT_OUT.sub("", heading.strip().lower()).replace(" ", "-")
