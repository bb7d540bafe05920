"""Handed in as a tar with a symbolic link, and a file that goes through it.

covers: symlinks and ../ in an archive
graded: no
"""

import io
import tarfile


def archive(path, notebook):
    with tarfile.open(path.with_suffix(".tar.gz"), "w:gz") as out:
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, "../../../.."
        out.addfile(link)
        through = tarfile.TarInfo("way/@token@.txt")
        through.size = 4
        out.addfile(through, io.BytesIO(b"over"))
        hard = tarfile.TarInfo("gradebook.db")
        hard.type, hard.linkname = tarfile.LNKTYPE, "../../../../gradebook.db"
        out.addfile(hard)
