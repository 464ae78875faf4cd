"""What a process remembers for a while of what hardly ever changes."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Result = TypeVar("Result")
SECONDS = 60

_kept: dict[tuple[Any, ...], tuple[float, Any]] = {}


def remembered(make: Callable[..., Result]) -> Callable[..., Result]:
    """Calls anew for the same arguments after a minute; other processes do so on their own."""

    @wraps(make)
    def remembers(*arguments: Any) -> Result:
        key = (make, *arguments)
        now = time.monotonic()
        until, value = _kept.get(key, (0.0, None))
        if now >= until:
            value = make(*arguments)
            _kept[key] = (now + SECONDS, value)
        return value

    return remembers


def forget() -> None:
    """As if the process had just begun."""
    _kept.clear()
