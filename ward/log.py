"""Logging: structlog, one JSON line per unit of work on standard output.

Identifiers yes; names, vital values, personal numbers and tokens never.
"""

import logging
import sys

import structlog


def configure(service: str, *, level: str = "info") -> None:
    """Configure logging for one process; `service` is bound to every line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get() -> structlog.typing.FilteringBoundLogger:
    """Return the logger."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
