#!/usr/bin/python3
"""A CNI plugin that calls others, network by network, each as a network of its own: no result is handed from one
to the next. The first one's result is its answer; on DEL the last goes first, without any result."""

import json
import os
import subprocess
import sys

configuration = json.load(sys.stdin)
command = os.environ["CNI_COMMAND"]
if command == "VERSION":
    print(json.dumps({"cniVersion": "1.0.0", "supportedVersions": ["0.3.1", "0.4.0", "1.0.0"]}))
    sys.exit()
delegates = configuration["delegates"]
answers = []
for number, delegate in enumerate(delegates) if command != "DEL" else reversed(list(enumerate(delegates))):
    interface = os.environ["CNI_IFNAME"] if number == 0 else f"net{number}"
    program = os.path.join(os.path.dirname(sys.argv[0]), delegate["type"])
    if command == "CHECK" and number == 0:
        delegate["prevResult"] = configuration["prevResult"]
    called = subprocess.run(
        [program], input=json.dumps(delegate), stdout=subprocess.PIPE, text=True,
        env={**os.environ, "CNI_IFNAME": interface},
    )
    if called.returncode != 0:
        print(called.stdout)
        sys.exit(1)
    answers.append(called.stdout)
if command == "ADD":
    # What the others answer must be a result too, even if nobody takes it.
    assert all("cniVersion" in json.loads(answer) for answer in answers), answers
    print(json.dumps(json.loads(answers[0]) | {"cniVersion": configuration["cniVersion"]}))
