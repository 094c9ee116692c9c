"""Log lines as JSON, one an event, each with the id of the request that it is about.

Whatever a client sends is escaped: a line is one line, and holds nothing but ASCII.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

#: The id of the request under way.
REQUEST_ID: ContextVar[str] = ContextVar("enlace_request_id", default="")


class JsonLines(logging.Formatter):
    """Time (UTC), level, logger, message, request id, what the event says (`extra={"said": …}`), and a trace."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            said["request"] = request_id
        said |= getattr(record, "said", {})
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    """Have this process write all its log lines to stderr so."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("enlace").setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
