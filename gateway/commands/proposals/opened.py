"""A proposal read from its file, with the documents as they are now."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.commands.terminal.stop import Stop
from gateway.core.catalogue_edits import Proposal

_MOST: Final = 64 * 1024 * 1024


def opened(name: str) -> Proposal:
    """The proposal of that file. Stop where the file cannot be read or holds something else."""
    from gateway.feeds.proposals import proposal_from
    from gateway.feeds.refused import FeedRefused

    path = Path(name)
    try:
        if path.stat().st_size > _MOST:
            raise Stop(f"{path} has more than {_MOST} bytes", "name the file that `catalogue update` wrote")
        return proposal_from(path.read_bytes())
    except OSError as error:
        do = "name the file that `catalogue update` wrote"
        raise Stop(f"{path} cannot be read ({error.strerror})", do) from None
    except FeedRefused as refused:
        raise Stop(f"{path} {refused.what}", refused.do) from None
