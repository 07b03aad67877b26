#!/usr/bin/env python3
"""soak.py KILN [EXECUTIONS]: many executions of all languages through one daemon, and whether anything grows.

Starts `KILN serve` with a name and ports of its own, drives it with `KILN load` at concurrency 8, and meanwhile looks at the
resident memory and open files of the daemon, of its containers and of the engine. Exits with 1 where a reply was wrong or
lost, where something is left after the end, or where the last tenth of the run took over a fifth more of anything than
the second. What each program prints is known beforehand.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

GRPC, HTTP, INSTANCE = "127.0.0.1:50981", "127.0.0.1:50982", "kiln-soak"
CONCURRENCY = 8
LOOK_SECONDS = 5
# What may come and go: pools breathe, allocators keep a little.
GROWTH_MAX, SLACK_MIB, SLACK_FILES = 1.2, 8, 32

# Of a thousand executions. Java and Node start anew after each program, which costs a second and a fifth of one; a few of them
# are thousands in the end.
SHARES = {"python": 820, "cpp": 60, "go": 40, "rust": 40, "python-data": 20, "javascript": 15, "typescript": 3, "java": 2}
# Programs of a language that differ: in those that compile, each is compiled once.
KINDS = 20


def text(language, number):
    """A program that prints "hello <number>"."""
    say = f"hello {number}"
    return {
        "python": f"print('{say}')",
        "python-data": f"import numpy\nprint('hello', int(numpy.arange({number + 1}).max()))",
        "javascript": f"console.log('{say}')",
        "typescript": f"const say: string = '{say}'; console.log(say)",
        "java": f'public class Main {{ public static void main(String[] a) {{ System.out.println("{say}"); }} }}',
        "cpp": f'#include <cstdio>\nint main() {{ std::puts("{say}"); }}',
        "rust": f'fn main() {{ println!("{say}"); }}',
        "go": f'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Println("{say}") }}',
    }[language]


def programs(count):
    """One JSON line for each execution, the languages mixed evenly."""
    owed = dict.fromkeys(SHARES, 0.0)
    for index in range(count):
        for language, share in SHARES.items():
            owed[language] += share / sum(SHARES.values())
        language = max(owed, key=owed.get)
        owed[language] -= 1
        number = index % KINDS
        yield json.dumps(
            {
                "language": language,
                "name": f"{language} {index}",
                "code": text(language, number),
                "expect": {"outcome": "SUCCEEDED", "stdout": f"hello {number}\n"},
            }
        )


def pids_of(name):
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "comm").read_text().strip() == name:
                    yield int(entry.name)
            except OSError:
                continue


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        # One that has ended and is not reaped has none.
        return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:")), 0)


def files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.split()


def containers():
    return docker("ps", "-aq", "--filter", f"label=kiln.instance={INSTANCE}")


def look(daemon):
    """What everything takes now, by name."""
    found = {"daemon MiB": resident_mib(daemon), "daemon files": files(daemon)}
    for name in ("dockerd", "containerd"):
        for pid in pids_of(name):
            found[f"{name} MiB"], found[f"{name} files"] = resident_mib(pid), files(pid)
    found["shims"] = len(list(pids_of("containerd-shim")))
    found["containers"] = len(containers())
    agents = [pid for pid in pids_of("agent")]
    found["agents MiB, largest"] = max((resident_mib(pid) for pid in agents), default=0)
    found["agents files, largest"] = max((files(pid) for pid in agents), default=0)
    return found


def quiet_look(daemon):
    try:
        return look(daemon)
    except (OSError, subprocess.CalledProcessError):
        return None  # A process has gone while it was looked at.


def main():
    kiln, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder, "programs.jsonl")
        lines.write_text("\n".join(programs(count)) + "\n")
        settings = {
            "KILN__SERVER__GRPC": GRPC,
            "KILN__SERVER__HTTP": HTTP,
            "KILN__SERVER__INSTANCE": INSTANCE,
            "KILN__LOG__FILTER": "warn",
            "KILN__CACHE__DIRECTORY": str(pathlib.Path(folder, "cache")),
        }
        log = open(pathlib.Path(folder, "log"), "w+")
        daemon = subprocess.Popen([kiln, "serve"], env=os.environ | settings, stdout=log, stderr=log)
        try:
            load = [kiln, "load", "--server", f"http://{GRPC}", "--wait", "120s", "--programs", str(lines)]
            begun, looks = time.monotonic(), []
            load = subprocess.Popen([*load, "--concurrency", str(CONCURRENCY)])
            while load.poll() is None:
                time.sleep(LOOK_SECONDS)
                looks.append(quiet_look(daemon.pid))
        finally:
            daemon.terminate()
            daemon.wait()
        taken = time.monotonic() - begun
        log.seek(0)
        words = log.read().splitlines()
    looks = [found for found in looks if found]
    tenth = max(1, len(looks) // 10)
    early, late = looks[tenth : 2 * tenth], looks[-tenth:]
    mean = lambda part, name: sum(found.get(name, 0) for found in part) / max(1, len(part))
    print(f"{count} executions in {taken:.0f} s, {count / taken:.0f}/s; {len(looks)} looks; {len(words)} warnings in the log")
    print(f"{'':24}{'second tenth':>14}{'last tenth':>14}{'most':>10}")
    grown = []
    for name in looks[0]:
        before, after = mean(early, name), mean(late, name)
        print(f"{name:24}{before:14.1f}{after:14.1f}{max(found.get(name, 0) for found in looks):10.1f}")
        slack = SLACK_MIB if "MiB" in name else SLACK_FILES
        if after > before * GROWTH_MAX and after > before + slack:
            grown.append(name)
    left = containers() + docker("volume", "ls", "-q", "--filter", f"label=kiln.instance={INSTANCE}")
    print("grown:", ", ".join(grown) or "nothing", "| left behind:", len(left))
    for line in words[:20]:
        print("log:", line)
    sys.exit(load.returncode or daemon.returncode or bool(grown or left))


if __name__ == "__main__":
    main()
