"""Which filesystem a path is on: SQLite's locks and shared memory can't be trusted on one that is shared by a network."""

import re
from pathlib import Path

from postroom.model.errors import ConfigError

_SHARED = frozenset([
    "9p", "acfs", "afs", "afpfs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "gfs", "gfs2",
    "glusterfs", "gpfs", "lustre", "ncpfs", "ncp", "nfs", "nfs3", "nfs4", "ocfs2", "orangefs", "panfs",
    "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs",
])  # fmt: skip
_SHARED_FUSE = frozenset([
    "acd_cli", "blobfuse", "blobfuse2", "ceph", "ceph-fuse", "cephfs", "cifs", "curlftpfs", "davfs", "davfs2",
    "gcsfuse", "glusterfs", "goofys", "httpfs", "juicefs", "lizardfs", "moosefs", "mfs", "nfs", "osxfs",
    "grpcfuse", "portal", "rclone", "s3fs", "s3ql", "seaweedfs", "smbnetfs", "sshfs", "vmhgfs-fuse", "weed",
    "google-drive-ocamlfuse", "mount-s3", "mountpoint-s3",
])  # fmt: skip


def refuse_network(directory: Path, mounts: str | None = None) -> None:
    """Raise `ConfigError` when a directory is on a network filesystem; ``mounts`` is as `/proc/self/mounts` has it."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return
    kind = network_filesystem(str(directory.resolve()), mounts)
    if kind:
        raise ConfigError(
            f"{directory} is on a network filesystem ({kind}), where SQLite can lose or damage mail. "
            "Put the store on a local disk."
        )


def network_filesystem(path: str, mounts: str) -> str:
    """The type of the network filesystem that an absolute path is on, ``""`` when it is on another kind.

    The mount with the longest matching directory counts, and of two on the same directory the later one.
    """
    longest, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        where = _unescape(fields[1])
        if _within(path, where) and len(where) >= longest:
            longest, kind = len(where), fields[2].lower()
    return kind if _is_shared(kind) else ""


def _is_shared(kind: str) -> bool:
    family, _, name = kind.partition(".")
    if family in {"fuse", "fuseblk"} and name:
        return name in _SHARED_FUSE
    return family in _SHARED or kind in _SHARED_FUSE


def _within(path: str, where: str) -> bool:
    return where in {"/", path} or path.startswith(where.rstrip("/") + "/")


def _unescape(text: str) -> str:
    """`/proc/self/mounts` writes blank, tab, newline and backslash as three octal digits (fstab(5))."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
