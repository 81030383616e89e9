"""The api process: one uvicorn server on uvloop; on SIGTERM it closes its sockets (1012) and ends."""

import asyncio
import gc
import signal
import socket as sockets

import uvicorn

from api.app import create_app
from api.heads import BoundedHeads
from ward import log
from ward.clock import Clock, SystemClock
from ward.errors import ConfigError
from ward.settings import Settings

_STOP_S = 5


def config(settings: Settings, clock: Clock) -> uvicorn.Config:
    """Return how uvicorn serves: messages are small and many, so they are not compressed."""
    return uvicorn.Config(
        create_app(settings, clock=clock),
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http=BoundedHeads,
        ws="websockets-sansio",
        ws_max_size=4096,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=_STOP_S,
    )


def bind(settings: Settings) -> sockets.socket:
    """Return the listening socket.

    Raises
    ------
    ConfigError
        If the address is taken or not ours.
    """
    family = sockets.AF_INET6 if ":" in settings.http_host else sockets.AF_INET
    listening = sockets.socket(family)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    # What it accepts inherits this. Without it a body waits 40 ms behind its headers; of Python's loops only uvloop's
    # sets it on connections of a socket that it was given.
    listening.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
    try:
        listening.bind((settings.http_host, settings.http_port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"Cannot listen on {settings.http_host}:{settings.http_port} ({error.strerror}):"
            " stop what uses the port, or choose another (--port, HEMVAKT_HTTP_PORT)."
        ) from error
    return listening


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    listening = bind(settings)
    server = uvicorn.Server(config(settings, clock or SystemClock()))
    gc.freeze()  # what is made by now lives as long as the process; to look through it costs 50 ms each time
    gc.set_threshold(20_000, 20, 50)  # an answer makes thousands of things, which go with it
    log.get().info("api_started", port=listening.getsockname()[1])
    stopping = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        stopping.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    try:
        await server.serve(sockets=[listening])
    finally:
        listening.close()
    log.get().info("api_stopped")
