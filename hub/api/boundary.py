"""What every answer to a browser carries, and what becomes of errors: a page for people, JSON for programs."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.series.store import SeriesUnavailable

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
"""The names a browser on this machine calls us by. Any other is a foreign page's: DNS rebinding."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

ErrorPage = Callable[[Request, int], Response]


class SecurityHeaders:
    """Puts HEADERS on every answer, and forbids keeping what is not a static file."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caching = "no-cache" if scope["path"].startswith("/static/") else "no-store"
        extra = [(k.encode(), v.encode()) for k, v in {**HEADERS, "cache-control": caching}.items()]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def guard(app: FastAPI, hosts: tuple[str, ...]) -> None:
    """Refuse foreign Host headers, and put the security headers on every answer, refusals too."""
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(SecurityHeaders)


def answer_errors(app: FastAPI, error_page: ErrorPage) -> None:
    """Install the handlers. `error_page` draws a status for people."""

    def answer(request: Request, status: int, reason: str) -> Response:
        if request.url.path.startswith(("/api/", "/static/", "/healthz", "/readyz", "/metrics")):
            return JSONResponse({"detail": reason}, status_code=status)
        return error_page(request, status)

    async def refused(request: Request, error: Any) -> Response:
        return answer(request, error.status_code, str(error.detail))

    async def invalid(request: Request, error: Any) -> Response:
        if request.url.path.startswith("/api/"):
            faults = [{"loc": list(e["loc"]), "msg": e["msg"]} for e in error.errors()]
            return JSONResponse({"detail": faults}, status_code=422)
        return error_page(request, 404)  # an address nobody could have been given by us

    async def away(request: Request, error: Any) -> Response:
        log.warning("%s not shown: %s", request.url.path, type(error).__name__)
        return answer(request, 503, "a database of the hub does not answer")

    async def broken(request: Request, error: Any) -> Response:
        response = answer(request, 500, "internal error")
        response.headers.update(HEADERS)  # this handler stands outside the middleware
        return response

    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        HTTPException: refused,
        RequestValidationError: invalid,
        SQLAlchemyError: away,
        SeriesUnavailable: away,
        Exception: broken,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
