"""The members of a request: each is read by name, and a wrong one is refused by name, without its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

_MOST: Final = 2**31
_HUMP: Final = re.compile(r"[A-Z]")


class Wrong(Exception):
    """A refusal, before a language words it. `param` is a field of the language's; no word of the request is in it.

    `code` is OpenAI's, where OpenAI has one.
    """

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(status, code)
        self.status, self.message, self.param, self.code = status, message, param, code


def invalid(message: str, param: str | None = None) -> Wrong:
    return Wrong(400, message, param)


class RequestObject:
    """One object of a request. Absent and null are alike; `camelCase` names are also found as `snake_case`."""

    def __init__(self, values: Mapping[str, Any], at: str = "") -> None:
        self._values, self._at = values, at

    @classmethod
    def of(cls, body: bytes) -> RequestObject:
        """Raises Wrong for anything but a JSON object."""
        try:
            values = orjson.loads(body)
        except orjson.JSONDecodeError:  # it holds the whole body
            raise invalid("We could not parse the JSON body of your request.") from None
        if not isinstance(values, dict):
            raise invalid("The body is not a JSON object.")
        return cls(values)

    def name(self, name: str) -> str:
        """The member's full name: `generationConfig.stopSequences`."""
        return f"{self._at}.{name}" if self._at else name

    def raw(self, name: str) -> Any:
        """The member as it is; None for a missing one."""
        value = self._values.get(name)
        return value if value is not None else self._values.get(_HUMP.sub(lambda hump: f"_{hump[0].lower()}", name))

    def flag(self, name: str) -> bool:
        return bool(self._typed(name, bool, "true or false"))

    def text(self, name: str) -> str:
        """ "" for a missing one."""
        return self._typed(name, str, "a string") or ""

    def number(self, name: str, *, least: int = 1, most: int = _MOST) -> int | None:
        value: int | None = self._typed(name, int, "a whole number")
        if isinstance(value, bool) or (value is not None and not least <= value <= most):
            raise invalid(f"'{self.name(name)}' must be a whole number from {least} to {most}.", self.name(name))
        return value

    def texts(self, name: str, *, most: int = _MOST) -> tuple[str, ...]:
        """The strings of a list, without empty ones; one string alone is a list too."""
        value = self.raw(name)
        texts = [value] if isinstance(value, str) else value or []
        if not isinstance(texts, list) or len(texts) > most or not all(isinstance(t, str) for t in texts):
            raise invalid(f"'{self.name(name)}' must be a list of up to {most} strings.", self.name(name))
        return tuple(t for t in texts if t)

    def object(self, name: str) -> Mapping[str, Any] | None:
        """The object of that name, as it is."""
        return self._typed(name, dict, "an object")  # type: ignore[no-any-return]

    def inner(self, name: str) -> RequestObject:
        """The object of that name, to be read; an empty one for a missing member."""
        return RequestObject(self.object(name) or {}, self.name(name))

    def each(self, name: str) -> Iterator[RequestObject]:
        """The objects of a list; nothing for a missing list."""
        for index, value in enumerate(self._typed(name, list, "a list") or []):
            at = f"{self.name(name)}[{index}]"
            if not isinstance(value, dict):
                raise invalid(f"'{at}' must be an object.", at)
            yield RequestObject(value, at)

    def _typed(self, name: str, kind: type, words: str) -> Any:
        value = self.raw(name)
        if value is not None and not isinstance(value, kind):
            raise invalid(f"'{self.name(name)}' must be {words}.", self.name(name))
        return value
