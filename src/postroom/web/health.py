"""/healthz, /readyz and /metrics, for the engineer on call and their instruments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.model.errors import TryLater


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the health pages read."""

    #: counts from the store; raises TryLater when it can't be read
    census: Callable[[], dict[str, Any]]
    #: worker processes: name -> alive and at work
    workers: Callable[[], dict[str, bool]]
    #: what a person should know although mail is taken and worked on, by the name of who says it
    warnings: Callable[[], dict[str, str]]
    #: True while the server is ending
    draining: Callable[[], bool]
    #: the metrics as text
    exposition: Callable[[], bytes]


def health_app(vitals: Vitals) -> Starlette:
    """The application; it holds no state of its own."""

    def warned() -> dict[str, Any]:
        warnings = vitals.warnings()
        return {"warnings": warnings} if warnings else {}

    async def healthz(_: Request) -> Response:
        """200 while the store answers and takes mail: restart the service when this fails for long."""
        try:
            await run_in_threadpool(vitals.census)
        except TryLater as error:
            return JSONResponse({"status": "failing", "store": str(error)}, status_code=503)
        return JSONResponse({"status": "ok"} | warned())

    async def readyz(_: Request) -> Response:
        """200 while mail is taken and worked on: send no traffic while this fails."""
        workers = vitals.workers()
        facts: dict[str, Any] = {"draining": vitals.draining(), "workers": workers} | warned()
        try:
            census = await run_in_threadpool(vitals.census)
            facts |= {"lanes_down": census["lanes_down"], "jobs": census["jobs"]}
        except TryLater as error:
            facts["store"] = str(error)
        ready = not facts["draining"] and all(workers.values()) and "store" not in facts
        return JSONResponse({"status": "ready" if ready else "not ready", **facts}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(
            await run_in_threadpool(vitals.exposition), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
