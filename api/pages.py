"""The web page: the built files, and its start page for the addresses that only the page itself knows."""

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from api import methods

BUILT = Path(__file__).resolve().parent.parent / "web" / "dist"
_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = (
    "The web page has not been built yet.\n\n"
    "  ./hemvakt demo      builds it and starts everything\n"
    "  npm ci && npm run build      in the folder web/, builds it alone\n\n"
    "The API under /api works without it.\n"
)


def _missing(request: Request) -> HTTPStatus:
    """Return what to answer where no route was found: 405 where the address is one of the API's, else 404."""
    known = methods.allowed(request.app.routes, request.url.path)
    return HTTPStatus.METHOD_NOT_ALLOWED if known and request.method not in known else HTTPStatus.NOT_FOUND


def _takes_gzip(request: Request) -> bool:
    """Tell whether a browser takes files that are packed."""
    offered = request.headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
    return any(each == "gzip" or (each.startswith("gzip;q=") and each.strip("0.") != "gzip;q=") for each in offered)


def _is_there(files: StaticFiles, path: str) -> bool:
    """Tell whether a file is served: it is within the folder, and there."""
    try:
        return files.lookup_path(path)[1] is not None
    except (OSError, ValueError):  # a name longer than any, or with a NUL in it
        return False


def router(built: Path) -> APIRouter:
    """Return the routes of the page that was built into `built`."""
    pages = APIRouter()
    files = StaticFiles(directory=built, check_dir=False)

    @pages.api_route("/api", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    @pages.api_route(
        "/api/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    async def no_such_route(request: Request) -> Response:
        raise HTTPException(_missing(request))

    @pages.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        if not (built / "index.html").is_file():
            return PlainTextResponse(_NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE)
        wanted = path if "." in path.rpartition("/")[2] else "index.html"
        packed = f"{wanted}.gz"
        shrunk = _takes_gzip(request) and _is_there(files, packed)
        response = await files.get_response(packed if shrunk else wanted, request.scope)
        # What is packed says nothing of anybody: these are the same files for all.
        response.headers["Vary"] = "Accept-Encoding"
        if shrunk:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = _FOREVER if wanted.startswith("assets/") else "no-cache"
        return response

    return pages
