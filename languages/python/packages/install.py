"""Installs packages with pip, and writes what that makes to standard output as a tar archive.

The arguments are requirements. What pip says goes to standard error, and its exit code is this program's.
"""

import glob
import os
import subprocess
import sys
import tarfile

# Debian keeps pip for virtual environments alone, as a wheel: nothing that a program would find.
WHEELS = "/usr/share/python-wheels/pip-*.whl"
DIRECTORY = "installed"
OPTIONS = ("--no-input", "--no-cache-dir", "--disable-pip-version-check", "--progress-bar=off", "--retries=2", "--timeout=10")


def main(requirements):
    environment = dict(os.environ)
    wheels = sorted(glob.glob(WHEELS))
    if wheels:
        environment["PYTHONPATH"] = wheels[-1]
    command = [sys.executable, "-m", "pip", "install", *OPTIONS, "--target", DIRECTORY, *requirements]
    code = subprocess.run(command, stdout=sys.stderr, env=environment, check=False).returncode
    if code:
        return code
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        archive.add(DIRECTORY, arcname=".")
    return 0


sys.exit(main(sys.argv[1:]))
