"""Packs a folder as a container image of one layer: image.py FOLDER ARCHIVE NAME."""

import hashlib
import io
import json
import sys
import tarfile


def layer(folder):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=".")
    return packed.getvalue()


def main(folder, path, name):
    files = layer(folder)
    digest = "sha256:" + hashlib.sha256(files).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/sleep", "600"]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    members = {
        "config.json": json.dumps(config).encode(),
        "layer.tar": files,
        "manifest.json": json.dumps(manifest).encode(),
    }
    with tarfile.open(path, mode="w") as archive:
        for member, content in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


main(*sys.argv[1:])
