#!/usr/bin/python3
"""What an ADD costs, from exec to exit, beside the least that any plugin costs; and its peak of memory.

Needs root, gcc, libc6-dev, iproute2, and a static build of the command:

    rustup target add x86_64-unknown-linux-musl
    cargo build --release --locked --target x86_64-unknown-linux-musl
    unshare --net integration/runtime/cost.py target/x86_64-unknown-linux-musl/release/nftdivert [RUNS]

Every run has a new namespace with lo up. The three programs take turns, so that all see the same machine.
"""

import ctypes
import fcntl
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

CLONE_NEWNET = 0x40000000
HERE = pathlib.Path(__file__).parent
CONFIGURATION = {
    "cniVersion": "1.0.0",
    "name": "lab",
    "type": "nftdivert",
    "policy": {"apiVersion": "nftdivert/v1", "inbound": {"excludePorts": [9]}},
    "prevResult": {"cniVersion": "1.0.0", "interfaces": [], "ips": [], "dns": {}},
}
libc = ctypes.CDLL(None, use_errno=True)


def check(answer):
    if answer != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Pod:
    """A new network namespace; the caller stays where it is."""

    def __enter__(self):
        here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(libc.unshare(CLONE_NEWNET))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.file = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(libc.setns(here, CLONE_NEWNET))
        os.close(here)
        self.path = f"/proc/{os.getpid()}/fd/{self.file}"
        return self

    def __exit__(self, *_):
        os.close(self.file)


def environment(pod):
    return {
        "CNI_COMMAND": "ADD",
        "CNI_CONTAINERID": "pod",
        "CNI_NETNS": pod.path,
        "CNI_IFNAME": "eth0",
        "CNI_PATH": "/opt/cni/bin",
    }


def start(words, variables, stdin, stdout, stderr):
    actions = [(os.POSIX_SPAWN_DUP2, file, number) for number, file in enumerate((stdin, stdout, stderr))]
    return os.posix_spawn(words[0], words, variables, file_actions=actions)


def timed(words, variables, stdin, rest):
    """Milliseconds from exec to exit, and those of them on a processor."""
    os.lseek(stdin, 0, os.SEEK_SET)
    begun = time.perf_counter_ns()
    pid = start(words, variables, stdin, rest, rest)
    _, status, used = os.wait4(pid, 0)
    taken = time.perf_counter_ns() - begun
    if status != 0:
        sys.exit(f"{words}: status {status}")
    return taken / 1e6, (used.ru_utime + used.ru_stime) * 1e3


def peak(words, variables, stdin, rest):
    """The peak of resident memory in KiB, read while the program waits for room for its result."""
    os.lseek(stdin, 0, os.SEEK_SET)
    reader, writer = os.pipe()
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    fcntl.fcntl(writer, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, bytes(4096))
    except BlockingIOError:
        fcntl.fcntl(writer, fcntl.F_SETFL, flags)
    pid = start(words, variables, stdin, writer, rest)
    os.close(writer)
    process = pathlib.Path(f"/proc/{pid}")
    while "pipe_write" not in (process / "wchan").read_text():
        time.sleep(0.001)
    status = (process / "status").read_text()
    os.close(reader)
    os.waitpid(pid, 0)
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def build(folder, name, source):
    program = os.path.join(folder, name)
    subprocess.run(["gcc", "-O2", "-static", "-x", "c", "-o", program, "-"], input=source, check=True)
    return program


def main(plugin, runs="300"):
    plugin = os.path.abspath(plugin)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as conf, open(os.devnull, "wb") as null:
        conf.write(json.dumps(CONFIGURATION).encode())
        conf.flush()
        files = (conf.fileno(), null.fileno())
        empty = build(folder, "empty", b"int main(void) { return 0; }")
        floor = build(folder, "floor", (HERE / "floor.c").read_bytes())
        taken = {"empty": [], "floor": [], "ADD": []}
        for _ in range(int(runs)):
            for name in taken:
                with Pod() as pod:
                    words = {"empty": [empty], "floor": [floor, pod.path], "ADD": [plugin]}[name]
                    taken[name].append(timed(words, environment(pod), *files))
        for name, each in taken.items():
            whole, used = zip(*each)
            print(
                f"{name:6} median {statistics.median(whole):6.2f} ms, least {min(whole):6.2f} ms;"
                f" on a processor median {statistics.median(used):6.2f} ms, least {min(used):6.2f} ms"
            )
        with Pod() as pod:
            print(f"peak of memory: {peak([plugin], environment(pod), *files)} KiB")
    print("load:", *os.getloadavg())


main(*sys.argv[1:])
