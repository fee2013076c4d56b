"""An answer as JSON that can hold any label: what cannot be written as UTF-8 is written as an escape."""

import json
from typing import Any

from starlette.responses import JSONResponse


class JsonAnswer(JSONResponse):
    """JSON in ASCII; not a number and infinity are refused, since no page can read them."""

    def render(self, content: Any) -> bytes:
        """The bytes of a value."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
