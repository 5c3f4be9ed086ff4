"""Sessions as files: one per session, named by the digest of its token, so that no file opens a session.

On failure: a file that cannot be read opens nothing; a session that cannot be written is not begun (Unavailable).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.core.errors import Unavailable
from gateway.core.frozen import frozen
from gateway.stores.ids import ulid

SESSIONS_MOST: Final = 20_000


@frozen
class Session:
    """A person's session. `credential`: digest of the key that the person signed in with; empty for none. `role` and
    `subject`: of an operator; empty for none. `csrf` and cookies are made from the token, which is not kept."""

    ends_at: datetime
    credential: str = ""
    role: str = ""
    subject: str = ""


class SessionFiles:
    """The sessions of one directory. Workers of a gateway share it; each call reads or writes one small file. `most`:
    sessions at a time; beyond them nobody else signs in until some end."""

    def __init__(self, directory: Path, now: Callable[[], datetime], most: int = SESSIONS_MOST) -> None:
        self._directory, self._now, self._most = directory, now, most

    def keep(self, digest: str, session: Session) -> None:
        """Keep a session under the digest of its token. Unavailable if the disk refuses, or if there are too many."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(not self._swept(path) for path in self._files()) >= self._most:
                raise Unavailable("overloaded", "Too many sessions are open. Try again when some have ended.")
            self._write(self._directory / digest, session)
        except OSError:
            raise Unavailable("overloaded", "The session cannot be written now.") from None

    def find(self, digest: str) -> Session | None:
        """The session, unless it has ended."""
        session = _read(self._directory / digest)
        return session if session is not None and session.ends_at > self._now() else None

    def take(self, digest: str) -> Session | None:
        """Remove the session and return it, unless it has ended. Of several callers at most one gets it."""
        path = self._directory / digest
        taken = path.with_name(f"{digest}.{ulid()}")
        try:
            path.rename(taken)  # one caller alone can rename a file
        except OSError:
            return None
        session = _read(taken)
        taken.unlink(missing_ok=True)
        return session if session is not None and session.ends_at > self._now() else None

    def _files(self) -> Iterator[Path]:
        with os.scandir(self._directory) as entries:
            for entry in entries:
                if entry.is_file():
                    yield Path(entry.path)

    def _swept(self, path: Path) -> bool:
        """Whether the file was of a session that has ended, and is removed now."""
        session = _read(path)
        if session is not None and session.ends_at > self._now():
            return False
        path.unlink(missing_ok=True)
        return True

    @staticmethod
    def _write(path: Path, session: Session) -> None:
        """Whole or not at all: a reader never sees half a session."""
        draft = path.with_name(f"{path.name}.{ulid()}")
        record = {
            "ends_at": session.ends_at.isoformat(),
            "credential": session.credential,
            "role": session.role,
            "subject": session.subject,
        }
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(record, file)
            draft.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


def _read(path: Path) -> Session | None:
    """None for a file that is not there, or that holds no session."""
    try:
        record = json.loads(path.read_bytes())
        return Session(
            datetime.fromisoformat(record["ends_at"]), record["credential"], record["role"], record["subject"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
