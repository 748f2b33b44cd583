"""Is the process alive, and can it show everything? For service supervisors and load balancers."""

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from hub.api.models import HealthAnswer
from hub.api.routes import Reads
from hub.series.store import SeriesUnavailable

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> HealthAnswer:
    """The web process answers."""
    return HealthAnswer(ok=True)


@router.get("/readyz", responses={503: {"model": HealthAnswer}})
def readyz(source: Reads, response: Response) -> HealthAnswer:
    """Both databases answer; 503 with the first that does not."""
    try:
        source.ping()
    except SQLAlchemyError as error:
        response.status_code = 503
        return HealthAnswer(ok=False, reason=f"SQL database: {type(error).__name__}")
    except SeriesUnavailable as error:
        response.status_code = 503
        return HealthAnswer(ok=False, reason=f"series store: {error}"[:300])
    return HealthAnswer(ok=True)
