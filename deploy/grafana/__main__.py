"""Writes deploy/grafana/boards/*.json from the boards beside this file; `--check` says which of them is out of date."""

import argparse
import sys
from pathlib import Path

from deploy.grafana import answers, cache, experiments, models, overview, queue, retrieval, reviews, tenants
from deploy.grafana.parts import written

FOLDER = Path(__file__).parent / "boards"
BOARDS = (
    overview.BOARD,
    answers.BOARD,
    models.BOARD,
    retrieval.BOARD,
    cache.BOARD,
    queue.BOARD,
    reviews.BOARD,
    experiments.BOARD,
    tenants.BOARD,
)


def main() -> int:
    """Write the files or check them; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 when a file is out of date")
    check: bool = parser.parse_args().check
    wanted = {FOLDER / f"{board.uid}.json": written(board) for board in BOARDS}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    left = sorted(set(FOLDER.glob("*.json")) - set(wanted))
    if check:
        for path in (*stale, *left):
            print(f"{path.name} is out of date: run `make generate`", file=sys.stderr)
        return 1 if stale or left else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    for path in left:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
