"""What the tests need beyond Python: Chromium, Docker and nginx, installed where we may.

Each is optional: without it its tests skip, say why, and the count is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = {
    "chromium": "chromium",
    "dockerd": "docker.io",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
    "docker-compose": "docker-compose",
    "nginx": "nginx-light",
    "redis-server": "redis-server",
}


def missing() -> list[str]:
    """Debian packages whose program is not on the PATH."""
    paths = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [
        package for program, package in PACKAGES.items() if not shutil.which(program, path=paths)
    ]


def main() -> None:
    wanted = missing()
    if not wanted:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"prepare: not root, so {wanted} can't be installed; their tests will skip")  # noqa: T201
        return
    print(f"prepare: installing {' '.join(wanted)}")  # noqa: T201
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-q", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *wanted],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"prepare: {' '.join(command)} failed: {done.stderr[-500:]}")  # noqa: T201


if __name__ == "__main__":
    main()
