"""Is the hub alive, and can it work? For service supervisors and load balancers; see hub/health.py."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from hub.api.models import HealthAnswer
from hub.health import Health

WAIT_SECONDS = 2.0
"""How long the databases are waited for."""

router = APIRouter(tags=["health"])


def health_of(request: Request) -> Health:
    """The parts of the hub that serves this request."""
    health: Health = request.app.state.health
    return health


Parts = Annotated[Health, Depends(health_of)]


@router.get("/healthz", responses={503: {"model": HealthAnswer}})
async def healthz(health: Parts, response: Response) -> HealthAnswer:
    """Every part of the process runs and none hangs; 503 names what does not: start the hub again."""
    return _answer(health, health.vital(), response)


@router.get("/readyz", responses={503: {"model": HealthAnswer}})
async def readyz(health: Parts, response: Response) -> HealthAnswer:
    """Databases answer, the broker is heard, the buffer has room; 503 names what is not so.

    A hub that stands by hears no broker and is ready all the same: `role` tells.
    """
    found = {name: check() for name, check in health.ready.items()}
    # Not in the threads that serve pages: they may all be waiting for the very database that is asked about.
    asked = {name: asyncio.wrap_future(question.begin()) for name, question in health.questions.items()}
    if asked:
        await asyncio.wait(asked.values(), timeout=WAIT_SECONDS)
    late = f"no answer within {WAIT_SECONDS:g} s"
    answered = {name: one.result() if one.done() else late for name, one in asked.items()}
    return _answer(health, found | answered, response)


def _answer(health: Health, parts: Mapping[str, str], response: Response) -> HealthAnswer:
    ailing = [f"{name}: {reason}" for name, reason in parts.items() if reason]
    if ailing:
        response.status_code = 503
    return HealthAnswer(ok=not ailing, reason="; ".join(ailing), parts=dict(parts), **asdict(health.standing()))
