#!/usr/bin/python3 -IS
"""A CNI plugin that hands on what it is given, and writes down how it was called."""

import json
import os
import sys

VERSIONS = ["0.3.0", "0.3.1", "0.4.0", "1.0.0"]

given = json.load(sys.stdin)
command = os.environ["CNI_COMMAND"]
if command == "VERSION":
    json.dump({"cniVersion": VERSIONS[-1], "supportedVersions": VERSIONS}, sys.stdout)
    sys.exit()
call = {name: os.environ.get(name) for name in ("CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_ARGS")}
with open(given["log"], "a") as log:
    log.write(json.dumps({**call, "given": given}) + "\n")
if command == "ADD":
    json.dump({**given["prevResult"], "cniVersion": given["cniVersion"]}, sys.stdout)
