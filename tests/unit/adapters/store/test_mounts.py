"""SQLite is not put on a network filesystem."""

from pathlib import Path

import pytest

from postroom.adapters.store.mounts import network_filesystem, refuse_network
from postroom.model.errors import ConfigError

MOUNTS = r"""/dev/vda / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
nas:/export /srv nfs4 rw 0 0
/dev/vdb /srv/local xfs rw 0 0
//pc/share /mnt/my\040files cifs rw 0 0
ada@host: /mnt/ssh fuse.sshfs rw 0 0
/dev/sdc1 /mnt/ntfs fuseblk rw 0 0
nas:/a /over nfs rw 0 0
/dev/vdc /over ext4 rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", ""),
        ("/var/lib/postroom", ""),
        ("/srv/postroom", "nfs4"),
        ("/srv", "nfs4"),
        ("/srvx", ""),
        ("/srv/local/postroom", ""),
        ("/mnt/my files/postroom", "cifs"),
        ("/mnt/ssh", "fuse.sshfs"),
        ("/mnt/ntfs/x", ""),
        ("/over/x", ""),
    ],
)
def test_the_nearest_mount_counts(path: str, kind: str) -> None:
    assert network_filesystem(path, MOUNTS) == kind


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "vboxsf"],
)
def test_network_filesystems_are_known(kind: str) -> None:
    assert network_filesystem("/data", f"x /data {kind} rw 0 0\n") == kind


def test_it_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigError, match=r"network filesystem \(nfs\).*local disk"):
        refuse_network(Path("/nowhere/at/all"), "x / nfs rw 0 0\n")
    refuse_network(Path("/"), "x / ext4 rw 0 0\n")
