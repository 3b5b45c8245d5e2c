"""Faults planted into postroom's processes from outside: `sitecustomize` modules that Python imports at its start.

Three bugs that the programme must catch, and two kinds of bad luck: a mail that kills the process that reads it, and a
clock that jumps (libfaketime also bends the timed waits of threads, which no real clock does). The product knows nothing of them.
"""

from pathlib import Path
from textwrap import dedent

AFTER_IMPORT = dedent('''\
    """Planted by the fault programme; see bench/faults/plants.py."""
    import importlib.util, os, signal, sys, threading

    def after_import(name, patch):
        class Finder:
            def find_spec(self, wanted, path=None, target=None):
                if wanted != name:
                    return None
                sys.meta_path.remove(self)
                spec = importlib.util.find_spec(wanted)
                run = spec.loader.exec_module
                def exec_module(module):
                    run(module)
                    patch(module)
                spec.loader.exec_module = exec_module
                return spec
        sys.meta_path.insert(0, Finder())
    ''')

#: 250 is said at once; the mail is kept a little later, if nothing happens meanwhile
EARLY_250 = dedent("""\
    def patch(module):
        from concurrent.futures import Future
        real = module.SqliteStore.accept
        def accept(self, mails):
            said = Future()
            said.set_result(tuple(mails))
            threading.Timer(0.5, lambda: real(self, mails)).start()
            return said
        module.SqliteStore.accept = accept
    after_import("postroom.adapters.store.sqlite", patch)
    """)

#: a delivery is settled at once; it happens a little later, if nothing happens meanwhile
EARLY_SETTLE = dedent("""\
    def patch(module):
        from postroom.model.work import Receipt
        real = module.SmtpDestination.deliver
        def deliver(self, parcel):
            threading.Timer(0.5, lambda: real(self, parcel)).start()
            return Receipt(reference="planted")
        module.SmtpDestination.deliver = deliver
    after_import("postroom.adapters.destination.smtp", patch)
    """)

#: the database no longer waits for the disk
NO_SYNC = dedent("""\
    import sqlite3
    class Careless(sqlite3.Connection):
        def execute(self, sql, *more):
            return super().execute("PRAGMA synchronous = OFF" if "synchronous" in sql.lower() else sql, *more)
    real = sqlite3.connect
    def connect(*words, **named):
        named["factory"] = Careless
        return real(*words, **named)
    sqlite3.connect = sqlite3.dbapi2.connect = connect
    """)

#: a mail with this in it kills the process that reads it
POISON = "poison-for-readers"
POISONOUS = dedent(f"""\
    def patch(module):
        real = module.read
        def read(mail, trust):
            if b"{POISON}" in mail.raw:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(mail, trust)
        module.read = read
    after_import("postroom.understand.reader", patch)
    """)

#: the wall clock is off by the seconds in a file, which may change at any time; the monotonic clock is right
CLOCK = dedent("""\
    import time
    real_time, real_ns, hand = time.time, time.time_ns, os.environ["PLANTED_CLOCK"]
    def offset():
        with open(hand) as file:
            return float(file.read() or 0)
    time.time = lambda: real_time() + offset()
    time.time_ns = lambda: real_ns() + int(offset() * 1e9)
    """)


def plant(folder: Path, text: str) -> dict[str, str]:
    """The environment in which Python processes start with this fault."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(AFTER_IMPORT + text)
    return {"PYTHONPATH": str(folder)}
