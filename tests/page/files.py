"""The files of the page, as they are in the package."""

from pathlib import Path
from typing import Final

import groundwire_server.edge.gateway.pages as serving

PAGE: Final = Path(serving.__file__).parent / "page"
MODULES: Final = sorted(PAGE.rglob("*.js"))
STYLES: Final = sorted(PAGE.rglob("*.css"))
