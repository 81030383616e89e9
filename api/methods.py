"""Which methods a path knows, over all routes together: a path's routes are one each, and each knows its own alone."""

from collections.abc import Iterable, Iterator

from starlette.routing import BaseRoute, Route


def leaves(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    """Yield the routes of an application, those of its routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from leaves(included.routes)
        elif isinstance(route, Route):
            yield route


def allowed(routes: Iterable[BaseRoute], path: str) -> list[str]:
    """Return the methods that a path has, sorted; empty where no route of the API has that path."""
    found: set[str] = set()
    for route in leaves(routes):
        if not route.path.endswith(":path}") and route.path_regex.match(path):
            found |= set(route.methods or ())
    return sorted(found)
