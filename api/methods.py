"""Which methods a path knows, over all routes together: a path's routes are one each, and each knows its own alone."""

from collections.abc import Iterable, Iterator

from fastapi.routing import APIRoute
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
    fitting = [each for each in leaves(routes) if not _catches_all(each) and each.path_regex.match(path)]
    nearest = min((each.path.count("{") for each in fitting), default=0)  # `search` is no number of a patient
    return sorted({method for each in fitting if each.path.count("{") == nearest for method in each.methods or ()})


def _catches_all(route: Route) -> bool:
    """Tell whether a route is there only to refuse in its own words what nothing else takes, or is the page's."""
    return isinstance(route, APIRoute) and not route.include_in_schema
