"""Real mail servers, clients and a browser to test against: Postfix, Dovecot, swaks, strace, rspamd, Chromium.

They are unpacked from Debian's packages into `.cache/peers/`, never installed, and started on free loopback ports under
private folders with private settings. ``python -m tools.peers fetch`` fetches, ``check`` starts each once and says
plainly what can't run here and why, ``list`` prints versions and checksums.

    with peers.sink() as sink, peers.postfix(relay_to=sink.port) as post:
        ...  # speak SMTP to post.port

A context raises `Missing` when its peer is not to be had here: tests skip with that text, and CI (``CI`` set) fails.
"""

import argparse
import contextlib
import grp
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.running import Child, NotStarted, answers, free_port, wait_until
from tools.unpack import Unpacked, UnpackError

REPOSITORY = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("POSTROOM_PEERS", REPOSITORY / ".cache" / "peers"))
LIBRARIES = (
    "usr/lib/postfix",
    "usr/lib/dovecot",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib/x86_64-linux-gnu/pulseaudio",
    "usr/lib/aarch64-linux-gnu/pulseaudio",
    "usr/lib/rspamd",
    "usr/lib",
    "lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu",
)
PACKAGES = {
    "postfix": ("postfix",),
    "swaks": ("swaks",),
    "dovecot": ("dovecot-imapd", "dovecot-lmtpd"),
    "strace": ("strace",),
    "rspamd": ("rspamd",),
    "chromium": ("chromium-headless-shell", "fonts-dejavu-core"),
}
DEFAULT = ("postfix", "swaks", "dovecot", "strace", "chromium")
#: a whole browser is too much to unpack where the system has one already
INSTALLED = {"chromium": Path("/usr/lib/chromium/chromium")}


class Missing(Exception):
    """A peer can't be had or can't run here; the text says why."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def unpacked() -> Unpacked:
    """Where the peers are."""
    return Unpacked(HOME, _say)


def need(*peers: str) -> Path:
    """Fetch these peers unless they are there; the root of the unpacked tree. Raises `Missing`."""
    store = unpacked()
    absent = [peer for peer in peers if peer not in INSTALLED or not INSTALLED[peer].exists()]
    try:
        store.fetch(tuple(package for peer in absent for package in PACKAGES[peer]))
    except UnpackError as error:
        raise Missing(f"{', '.join(peers)}: {error}") from error
    return store.root


def binary(root: Path, path: str) -> Path:
    """A program of the unpacked tree, or the system's own when the package was installed already. Raises `Missing`."""
    for place in (root / path, Path("/", path)):
        if place.exists():
            return place
    raise Missing(f"{path} is neither unpacked nor installed")


def environment(root: Path) -> dict[str, str]:
    """An environment in which unpacked programs find their libraries and Perl modules."""
    libraries = ":".join(str(root / path) for path in LIBRARIES if (root / path).is_dir())
    perl = ":".join(str(path) for path in (root / "usr/share/perl5", *root.glob("usr/lib/*/perl5/*")) if path.is_dir())
    keep = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    path = f"{root}/usr/sbin:{root}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return keep | {"PATH": path, "LD_LIBRARY_PATH": libraries, "PERL5LIB": perl}


@contextlib.contextmanager
def private_folder(name: str) -> Iterator[Path]:
    """A new folder that others may look into (a mail server drops its rights), removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"peer-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _only_root(peer: str) -> None:
    if os.geteuid() != 0:
        raise Missing(f"{peer} only starts as root: it changes users. Run this as root, or in a container")


def _existing_users() -> tuple[str, str, str]:
    """A user to own the queue, one to deliver as, and a group for setgid: three that exist and differ, as Postfix wants."""
    users = [name for name in ("daemon", "bin", "sys", "games", "nobody") if _known(pwd.getpwnam, name)]
    taken = {pwd.getpwnam(name).pw_gid for name in users[:1]} | {pwd.getpwnam("nobody").pw_gid}
    groups = [g.gr_name for g in grp.getgrall() if g.gr_gid not in taken | {0}]
    if len(users) < 2 or not groups:
        raise Missing("postfix needs two plain users and a group beside root's")
    return users[0], "nobody", groups[0]


def _known(lookup: Callable[[str], object], name: str) -> bool:
    try:
        lookup(name)
    except KeyError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running Postfix."""

    child: Child
    port: int
    folder: Path
    root: Path

    def log(self) -> str:
        """What it logged."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def queued(self) -> int:
        """Mails in its queues."""
        queue = self.folder / "queue"
        return sum(
            1
            for q in ("maildrop", "incoming", "active", "deferred", "corrupt", "hold")
            for p in (queue / q).rglob("*")
            if p.is_file()
        )

    def flush(self) -> None:
        """Try deferred mail now."""
        subprocess.run(
            [binary(self.root, "usr/sbin/postqueue"), "-c", self.folder / "etc", "-f"],
            env=environment(self.root), check=True, capture_output=True,
        )  # fmt: skip


def _main_cf(root: Path, folder: Path, port: int, transport: str, settings: dict[str, str]) -> str:
    owner, plain, group = _existing_users()
    env = environment(root)
    values = {
        "compatibility_level": "3.6",
        "queue_directory": f"{folder}/queue",
        "data_directory": f"{folder}/data",
        "daemon_directory": str(binary(root, "usr/lib/postfix/sbin")),
        "command_directory": str(binary(root, "usr/sbin")),
        "shlib_directory": "no",
        "meta_directory": f"{folder}/etc",
        "sendmail_path": "/nonexistent",
        "newaliases_path": "/nonexistent",
        "mailq_path": "/nonexistent",
        "manpage_directory": "no",
        "html_directory": "no",
        "readme_directory": "no",
        "sample_directory": "no",
        "mail_owner": owner,
        "setgid_group": group,
        "default_privs": plain,
        "maillog_file": f"{folder}/log",
        "maillog_file_prefixes": str(folder),
        "import_environment": f"MAIL_CONFIG={folder}/etc LD_LIBRARY_PATH={env['LD_LIBRARY_PATH']} PATH={env['PATH']} TZ LANG=C",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "myhostname": "mx.example.test",
        "mydestination": "",
        "alias_maps": "",
        "alias_database": "",
        "local_recipient_maps": "",
        "mynetworks": "127.0.0.0/8",
        "relay_domains": "*",
        "relayhost": "",
        "default_transport": transport,
        "relay_transport": transport,
        "smtp_host_lookup": "native",
        "smtpd_recipient_restrictions": "permit_mynetworks, reject",
        "smtpd_peername_lookup": "no",
        "append_dot_mydomain": "no",
        "biff": "no",
        "master_service_disable": "",
    } | settings
    return "".join(f"{key} = {value}\n" for key, value in values.items())


def _master_cf(port: int, extra: str) -> str:
    """Debian's master.cf, without its chroots, with our port in place of 25."""
    return textwrap.dedent(f"""\
        127.0.0.1:{port} inet n - n - - smtpd
        pickup    unix  n       -       n       60      1       pickup
        cleanup   unix  n       -       n       -       0       cleanup
        qmgr      unix  n       -       n       300     1       qmgr
        tlsmgr    unix  -       -       n       1000?   1       tlsmgr
        rewrite   unix  -       -       n       -       -       trivial-rewrite
        bounce    unix  -       -       n       -       0       bounce
        defer     unix  -       -       n       -       0       bounce
        trace     unix  -       -       n       -       0       bounce
        verify    unix  -       -       n       -       1       verify
        flush     unix  n       -       n       1000?   0       flush
        proxymap  unix  -       -       n       -       -       proxymap
        proxywrite unix -       -       n       -       1       proxymap
        smtp      unix  -       -       n       -       -       smtp
        relay     unix  -       -       n       -       -       smtp
        lmtp      unix  -       -       n       -       -       lmtp
        error     unix  -       -       n       -       -       error
        retry     unix  -       -       n       -       -       error
        discard   unix  -       -       n       -       -       discard
        anvil     unix  -       -       n       -       1       anvil
        scache    unix  -       -       n       -       1       scache
        showq     unix  n       -       n       -       -       showq
        postlog   unix-dgram n  -       n       -       1       postlogd
        """) + textwrap.dedent(extra)


@contextlib.contextmanager
def postfix(
    *,
    relay_to: int | None = None,
    lmtp_to: int | None = None,
    transport: str | None = None,
    master_cf: str = "",
    settings: dict[str, str] | None = None,
) -> Iterator[Postfix]:
    """A Postfix that takes any mail from loopback and hands it on to one place.

    ``relay_to`` is an SMTP port of 127.0.0.1, ``lmtp_to`` an LMTP one, ``transport`` any other (with its service in
    ``master_cf``). ``settings`` go into main.cf. Raises `Missing`.
    """
    root = need("postfix")
    _only_root("postfix")
    way = transport or (
        f"smtp:[127.0.0.1]:{relay_to}" if relay_to else f"lmtp:inet:127.0.0.1:{lmtp_to}" if lmtp_to else "discard:"
    )
    port = free_port()
    with private_folder("postfix") as folder:
        _lay_out_postfix(root, folder, _main_cf(root, folder, port, way, settings or {}), _master_cf(port, master_cf))
        command = [binary(root, "usr/lib/postfix/sbin/master"), "-c", folder / "etc", "-d"]
        with Child(
            command, log=folder / "master.out", env=environment(root) | {"MAIL_CONFIG": str(folder / "etc")}
        ) as child:
            post = Postfix(child=child, port=port, folder=folder, root=root)
            try:
                child.wait_ready(lambda: answers(port), 15, "postfix")
            except NotStarted as error:
                raise Missing(f"{error}\n{post.log()[-3000:]}") from error
            yield post


def _lay_out_postfix(root: Path, folder: Path, main_cf: str, master_cf: str) -> None:
    etc, queue, data = (folder / name for name in ("etc", "queue", "data"))
    for path in (etc, queue, data):
        path.mkdir()
    (etc / "main.cf").write_text(main_cf)
    (etc / "master.cf").write_text(master_cf)
    for name in ("dynamicmaps.cf", "postfix-files"):
        source = root / "etc/postfix" / name
        (etc / name).write_text("" if name == "dynamicmaps.cf" or not source.exists() else source.read_text())
    owner, _, group = _existing_users()
    uid, gid = pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid
    os.chown(data, uid, -1)
    for name in (
        "active",
        "bounce",
        "corrupt",
        "defer",
        "deferred",
        "flush",
        "hold",
        "incoming",
        "private",
        "saved",
        "trace",
    ):
        (queue / name).mkdir(mode=0o700)
        os.chown(queue / name, uid, -1)
    (queue / "pid").mkdir(mode=0o755)
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        (queue / name).mkdir()
        os.chown(queue / name, uid, gid)
        (queue / name).chmod(mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A running smtp-sink of Postfix."""

    child: Child
    port: int

    def count(self) -> int:
        """Messages that it has taken whole so far."""
        found = re.findall(rb"mesg=\s*(\d+)", self.child.log.read_bytes()[-400:])
        return int(found[-1]) if found else 0

    def wait_for(self, messages: int, seconds: float) -> bool:
        """Whether it has this many within this time."""
        return wait_until(lambda: self.count() >= messages, seconds, every=0.05)


@contextlib.contextmanager
def sink(*options: str, backlog: int = 200, lmtp: bool = False) -> Iterator[Sink]:
    """Postfix's smtp-sink: takes and counts everything. Raises `Missing`."""
    root = need("postfix")
    port = free_port()
    with private_folder("sink") as folder:
        # as root it wants to be told whom to become; the folder must then be theirs
        user = ("-u", "nobody") if os.geteuid() == 0 else ()
        command = [
            binary(root, "usr/sbin/smtp-sink"),
            "-c",
            *(("-L",) if lmtp else ()),
            *user,
            *options,
            f"127.0.0.1:{port}",
            str(backlog),
        ]
        with Child(command, log=folder / "out", env=environment(root), cwd=folder) as child:
            try:
                child.wait_ready(lambda: answers(port), 5, "smtp-sink")
            except NotStarted as error:
                raise Missing(str(error)) from error
            yield Sink(child=child, port=port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """A running Dovecot with LMTP and IMAP; every address exists, every password is ``secret``."""

    child: Child
    lmtp_port: int
    imap_port: int
    folder: Path

    def mails(self, user: str) -> list[bytes]:
        """The mails in a user's INBOX, as delivered."""
        box = self.folder / "mail" / user
        return [path.read_bytes() for part in ("new", "cur") for path in sorted((box / part).glob("*"))]


@contextlib.contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Dovecot: LMTP in, Maildir below ``folder/mail``, IMAP out. Raises `Missing`."""
    root = need("dovecot")
    _only_root("dovecot")
    lmtp_port, imap_port = free_port(), free_port()
    with private_folder("dovecot") as folder:
        (folder / "mail").mkdir()
        os.chown(folder / "mail", pwd.getpwnam("daemon").pw_uid, pwd.getpwnam("daemon").pw_gid)
        (folder / "dovecot.conf").write_text(_dovecot_conf(root, folder, lmtp_port, imap_port))
        # Dovecot has the places of its programs and modules built in: it sees the unpacked /usr laid over the system's,
        # in a mount namespace of its own
        overlay = (
            f"mount -t overlay overlay -o lowerdir={root}/usr:/usr /usr && exec dovecot -F -c {folder}/dovecot.conf"
        )
        command = ["unshare", "--mount", "sh", "-c", overlay]
        with Child(command, log=folder / "out", env=environment(root)) as child:
            try:
                child.wait_ready(lambda: answers(lmtp_port) and answers(imap_port), 15, "dovecot")
            except NotStarted as error:
                log = folder / "log"
                raise Missing(f"{error}\n{log.read_text()[-3000:] if log.exists() else ''}") from error
            yield Dovecot(child=child, lmtp_port=lmtp_port, imap_port=imap_port, folder=folder)


def _dovecot_conf(root: Path, folder: Path, lmtp_port: int, imap_port: int) -> str:
    daemon = pwd.getpwnam("daemon")
    return textwrap.dedent(f"""\
        protocols = imap lmtp
        listen = 127.0.0.1
        base_dir = {folder}/run
        state_dir = {folder}/state
        libexec_dir = /usr/lib/dovecot
        mail_plugin_dir = /usr/lib/dovecot/modules
        log_path = {folder}/log
        import_environment = LD_LIBRARY_PATH={environment(root)["LD_LIBRARY_PATH"]} TZ
        default_internal_user = nobody
        default_internal_group = nogroup
        default_login_user = daemon
        ssl = no
        disable_plaintext_auth = no
        auth_mechanisms = plain login
        first_valid_uid = 1
        first_valid_gid = 1
        mail_location = maildir:~
        passdb {{
          driver = static
          args = password=secret
        }}
        userdb {{
          driver = static
          args = uid={daemon.pw_uid} gid={daemon.pw_gid} home={folder}/mail/%u allow_all_users=yes
        }}
        service imap-login {{
          chroot =
          inet_listener imap {{
            address = 127.0.0.1
            port = {imap_port}
          }}
          inet_listener imaps {{
            port = 0
          }}
        }}
        service anvil {{
          chroot =
        }}
        service stats {{
          chroot =
        }}
        service lmtp {{
          inet_listener lmtp {{
            address = 127.0.0.1
            port = {lmtp_port}
          }}
        }}
        """)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swaks:
    """The Swiss army knife for SMTP, as a command."""

    command: list[str]
    env: dict[str, str] = field(repr=False)

    def __call__(self, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run it; its transcript is in ``stdout``, its exit code tells at which step it failed."""
        return subprocess.run(
            [*self.command, *words], env=self.env, input=stdin, capture_output=True, check=False, timeout=60
        )


def swaks() -> Swaks:
    """swaks, ready to run. Raises `Missing`."""
    root = need("swaks")
    if shutil.which("perl") is None:
        raise Missing("swaks needs perl")
    return Swaks(command=["perl", str(binary(root, "usr/bin/swaks"))], env=environment(root))


def strace() -> list[str]:
    """The strace command, after seeing that it may trace a child here. Raises `Missing`."""
    root = need("strace")
    command = [str(binary(root, "usr/bin/strace"))]
    tried = subprocess.run(
        [*command, "-e", "trace=none", "/bin/true"], env=environment(root), capture_output=True, text=True, check=False
    )
    if tried.returncode:
        raise Missing(f"strace is there but may not trace here: {tried.stderr.strip()}")
    return command


_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{root}/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{home}/fonts</cachedir>
{aliases}</fontconfig>
"""
_FAMILIES = {
    "sans-serif": "DejaVu Sans",
    "system-ui": "DejaVu Sans",
    "serif": "DejaVu Serif",
    "monospace": "DejaVu Sans Mono",
}
_ALIAS = "<alias><family>{name}</family><prefer><family>{font}</family></prefer></alias>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chromium:
    """A browser without a window, for Playwright to start."""

    program: Path
    env: dict[str, str] = field(repr=False)


def chromium() -> Chromium:
    """The system's browser, or the unpacked one with fonts of its own. Raises `Missing`."""
    installed = INSTALLED["chromium"]
    if installed.exists():
        return Chromium(program=installed, env=dict(os.environ))
    root = need("chromium")
    # what the font library reads below /etc leads to files that an unpacked package has elsewhere
    fonts = HOME / f"fonts-{os.getpid()}.conf"
    aliases = "".join(_ALIAS.format(name=name, font=font) for name, font in _FAMILIES.items())
    fonts.write_text(_FONTS.format(root=root, home=HOME, aliases=aliases))
    fonts = fonts.replace(HOME / "fonts.conf")
    env = environment(root) | {"FONTCONFIG_FILE": str(fonts)}
    return Chromium(program=binary(root, "usr/lib/chromium/chromium-headless-shell"), env=env)


def _try_postfix() -> str:
    with sink() as end, postfix(relay_to=end.port) as post:
        send = [
            binary(post.root, "usr/sbin/smtp-source"),
            "-m",
            "5",
            "-f",
            "a@example.test",
            "-t",
            "b@example.test",
            f"127.0.0.1:{post.port}",
        ]
        subprocess.run(send, env=environment(post.root), check=True, capture_output=True, timeout=30)
        if not end.wait_for(5, 20):
            raise Missing(f"postfix took 5 mails and handed on {end.count()}:\n{post.log()[-2000:]}")
        return "relayed 5 mails to smtp-sink"


def _try_dovecot() -> str:
    import smtplib  # noqa: PLC0415 -- only this needs it

    with dovecot() as cot:
        with smtplib.LMTP("127.0.0.1", cot.lmtp_port) as client:
            client.sendmail("a@example.test", ["b@example.test"], b"Subject: try\r\n\r\nHello\r\n")
        if len(cot.mails("b@example.test")) != 1:
            raise Missing("dovecot took a mail by LMTP but it is in no Maildir")
        return "took a mail by LMTP into a Maildir"


def _try_swaks() -> str:
    done = swaks()("--version")
    if done.returncode:
        raise Missing(f"swaks: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode().splitlines()[0]


def _try_chromium() -> str:
    browser = chromium()
    with private_folder("chromium") as folder:
        command = [browser.program, "--headless", "--no-sandbox", f"--user-data-dir={folder}", "--dump-dom"]
        done = subprocess.run(
            [*command, "data:text/html,<p>here"],
            env=browser.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    if "<p>here</p>" not in done.stdout:
        raise Missing(f"chromium does not start: {done.stderr.strip()[-2000:]}")
    return f"showed a page: {browser.program}"


TRIALS: dict[str, Callable[[], str]] = {
    "postfix": _try_postfix,
    "dovecot": _try_dovecot,
    "swaks": _try_swaks,
    "strace": lambda: "traces a child" if strace() else "",
    "chromium": _try_chromium,
}


def _check(names: list[str], *, as_json: bool) -> int:
    rows = []
    for name in names:
        try:
            rows.append({"peer": name, "runs": True, "note": TRIALS.get(name, lambda: "fetched")()})
        except (Missing, subprocess.SubprocessError, OSError) as error:
            rows.append({"peer": name, "runs": False, "note": str(error)})
        if not as_json:
            print(f"{name:10} {'runs' if rows[-1]['runs'] else 'CANNOT RUN'}: {rows[-1]['note']}")
    if as_json:
        print(json.dumps(rows, indent=1))
    return 0 if all(row["runs"] for row in rows) else 1


def main(words: list[str] | None = None) -> int:
    """The command line; 1 when something could not be had or can't run."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.peers", description="Real peers to test against, unpacked and not installed."
    )
    parser.add_argument(
        "what", choices=("fetch", "check", "list"), help="fetch them; start each once; print versions and checksums"
    )
    parser.add_argument(
        "peers", nargs="*", metavar="PEER", help=f"of {', '.join(PACKAGES)} (default: {', '.join(DEFAULT)})"
    )
    parser.add_argument("--json", action="store_true", help="print facts as JSON")
    told = parser.parse_args(words)
    names = told.peers or list(DEFAULT)
    if unknown := set(names) - set(PACKAGES):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    if told.what == "check":
        return _check(names, as_json=told.json)
    if told.what == "fetch":
        try:
            need(*names)
        except Missing as error:
            _say(f"could not fetch: {error}")
            return 1
    packages = unpacked().listing().values()
    if told.json:
        print(json.dumps([{"name": p.name, "version": p.version, "sha256": p.sha256} for p in packages], indent=1))
    else:
        for package in packages:
            print(f"{package.name:24} {package.version:36} {package.sha256[:16]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
