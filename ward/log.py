"""Logging: structlog, one JSON line per unit of work on standard output.

Identifiers yes; names, vital values, personal numbers and tokens never. What an exception says may repeat any of them
(the store quotes the row that it refuses), so of one there are its kind and the way to it, and of what an error says
the first line alone, where the store quotes nothing.
"""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog

_MOST_SAID = 200
_MOST_FRAMES = 12


def configure(service: str, *, level: str = "info") -> None:
    """Configure logging for one process; `service` is bound to every line."""
    structlog.configure(
        processors=_steps(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    sys.excepthook = _broken


def as_lines() -> None:
    """Write the same lines in a process that is not ours to configure: wherever its standard output leads just then."""
    structlog.configure(processors=_steps())


def get() -> structlog.typing.FilteringBoundLogger:
    """Return the logger."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def _steps() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
        structlog.processors.JSONRenderer(),
    ]


class _Libraries(logging.Handler):
    """What libraries log, as lines like ours: the form of their words without what they would put into it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        said = str(record.msg).partition("\n")[0][:_MOST_SAID]
        caught = record.exc_info[1] if record.exc_info else None
        get().log(record.levelno, "library_said", library=record.name, said=said, exc_info=caught)


def _broken(_kind: type[BaseException], caught: BaseException, _trace: object) -> None:
    """Write the last line of a process that ends by a fault of its own."""
    get().critical("process_broken", exc_info=caught)


def _without_words(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Put the way to an exception in the place of what it says, and cut what an error says after its first line."""
    caught = line.pop("exc_info", None)
    if isinstance(caught, BaseException):
        line["trace"] = list(_way_to(caught))
    if isinstance(said := line.get("error"), str):
        line["error"] = said.partition("\n")[0][:_MOST_SAID]
    return line


def _way_to(caught: BaseException) -> Iterator[str]:
    """Yield the kind of an exception and the places it came through, then those of what it is made of or came from."""
    yield type(caught).__name__
    for frame in traceback.extract_tb(caught.__traceback__)[-_MOST_FRAMES:]:
        yield f"{frame.filename}:{frame.lineno} {frame.name}"
    if isinstance(caught, BaseExceptionGroup):
        for each in caught.exceptions:
            yield from _way_to(each)
    elif caught.__cause__ is not None:
        yield from _way_to(caught.__cause__)
