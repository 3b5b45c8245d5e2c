"""How long the server itself takes: planted from outside into the pages' process, which says it in each answer.

``Server-Timing: wall;dur=12.3, cpu;dur=8.1`` (W3C Server Timing), in milliseconds: from the moment that the request was read
to the first byte of the answer, and the processor time of the thread that made it. The product knows nothing of it.
"""

from pathlib import Path
from textwrap import dedent

_PLANT = dedent('''\
    """Planted by the bench; see bench/desk/timed.py."""
    import sys

    def plant():
        import time
        from contextvars import ContextVar
        import starlette.concurrency
        import uvicorn

        spent = ContextVar("spent")
        in_thread = starlette.concurrency.run_in_threadpool

        async def counted(do, *words, **named):
            def done():
                begin = time.thread_time()
                try:
                    return do(*words, **named)
                finally:
                    cost[0] += time.thread_time() - begin
            cost = spent.get([0.0])
            return await in_thread(done)

        starlette.concurrency.run_in_threadpool = counted

        class Timed:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                begin, cost = time.perf_counter(), [0.0]
                spent.set(cost)

                async def say(message):
                    if message["type"] == "http.response.start":
                        wall = (time.perf_counter() - begin) * 1000
                        told = f"wall;dur={wall:.2f}, cpu;dur={cost[0] * 1000:.2f}"
                        message["headers"] = [*message["headers"], (b"server-timing", told.encode())]
                    await send(message)

                await self.app(scope, receive, say)

        made = uvicorn.Config.__init__

        def make(self, app, *words, **named):
            made(self, Timed(app), *words, **named)

        uvicorn.Config.__init__ = make

    if "pages" in sys.orig_argv:
        plant()
    ''')


def planted(folder: Path) -> dict[str, str]:
    """The environment in which the server is to start. Its own modules are found as before."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_PLANT)
    source = Path(__file__).resolve().parents[2] / "src"
    return {"PYTHONPATH": f"{folder}:{source}"}
