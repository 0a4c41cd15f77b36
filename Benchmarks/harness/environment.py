"""What a measurement needs: the built package and a virtual environment with the other programs."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
# PyTorch's wheels for Linux take 5.5 GB unpacked, and pip needs room to unpack them.
DISK_BYTES = 8 * 10**9


class Missing(Exception):
    """A needed program or library is not there; says how to get it."""


def say(message):
    print(f"compare: {message}", file=sys.stderr, flush=True)


def load():
    """Processes that wanted to run in the last minute; other work makes every number here doubtful."""
    waiting = round(os.getloadavg()[0], 1)
    if waiting > 0.5:
        say(f"the machine is busy (load {waiting}): these numbers are provisional")
    return waiting


def build(product):
    """Builds an executable of this package (release) and gives its path."""
    if not shutil.which("swift"):
        raise Missing("no `swift` on the PATH; install Swift 6 from https://www.swift.org/install/linux/")
    say(f"building {product}")
    command = ["swift", "build", "-c", "release", "--package-path", str(FOLDER), "--product", product]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + f"{product} does not build")
    return FOLDER / ".build" / "release" / product


def requirements():
    """The pinned packages, name to version, in the order of the file."""
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def virtual_environment():
    """The interpreter of the environment, made or completed when needed; and the packages that could not be installed."""
    place = Path(os.environ.get("AUTOLOSS_BENCHMARK_VENV") or FOLDER / ".venv")
    python = place / "bin" / "python"
    if not python.exists():
        require_room(place)
        say(f"making a virtual environment in {place}")
        done = subprocess.run([sys.executable, "-m", "venv", str(place)], stdout=sys.stderr)
        if done.returncode != 0:
            raise Missing("`python3 -m venv` failed; on Debian: apt-get install python3-venv")
    missing = {}
    present = installed(python)
    for package, version in requirements().items():
        if present.get(package) == version:
            continue
        require_room(place)
        say(f"installing {package} {version}")
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", f"{package}=={version}"]
        done = subprocess.run(pip, stdout=sys.stderr)
        if done.returncode != 0:
            missing[package] = " ".join(pip)
    return python, missing


def installed(python):
    code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    done = subprocess.run([str(python), "-c", code], stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def require_room(place):
    parent = place
    while not parent.exists():
        parent = parent.parent
    free = shutil.disk_usage(parent).free
    if free < DISK_BYTES:
        raise Missing(
            f"the other programs need about {DISK_BYTES / 1e9:.0f} GB in {place}, {free / 1e9:.1f} GB are free; "
            "make room or name another place in AUTOLOSS_BENCHMARK_VENV"
        )


def machine(versions, load):
    """What the numbers depend on."""
    about = {"cores": os.cpu_count(), "load_before": load, "system": platform.platform()}
    try:
        text = Path("/proc/cpuinfo").read_text()
        for key, label in (("model name", "processor"), ("cpu family", "family"), ("model", "model")):
            found = re.search(rf"^{key}\s*: (.*)$", text, re.M)
            if found:
                about[label] = found.group(1)
        flags = re.search(r"^flags\s*: (.*)$", text, re.M).group(1).split()
        about["vector_flags"] = " ".join(flag for flag in flags if flag.startswith(("avx", "fma")))
    except (OSError, AttributeError):
        about["processor"] = platform.processor()
    swift = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    about["swift"] = swift.splitlines()[0] if swift else None
    commit = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ).stdout.strip()
    about["commit"] = commit or None
    about.update(versions)
    return about
