# Sourced. Gives `uv`, the one in .venv/uv, with what pip's configuration says about where packages come from: uv does
# not read it, and a machine behind a mirror has it. What uv's own variables say comes first.

uv() (
    settings=$("$ROOT/.venv/uv/bin/python" -m pip config list)
    from_pip UV_DEFAULT_INDEX index-url
    # A lock needs the hashes of all files of a version; only the main index is sure to have them.
    if [[ "$1 $2" != "pip compile" ]]; then
        from_pip UV_INDEX extra-index-url
        from_pip UV_FIND_LINKS find-links
    fi
    from_pip UV_INSECURE_HOST trusted-host
    from_pip UV_HTTP_TIMEOUT timeout
    from_pip SSL_CERT_FILE cert
    from_pip ALL_PROXY proxy
    export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} # as pip does; uv's own would not know a company's mirror
    from_pip NO_INDEX no-index
    UV_FIND_LINKS=${UV_FIND_LINKS-}
    UV_FIND_LINKS=${UV_FIND_LINKS// /,}
    # Hashes decide what is installed, whichever index has it: take the first that fits, as pip does.
    export UV_INDEX_STRATEGY=${UV_INDEX_STRATEGY:-unsafe-best-match}
    exec "$ROOT/.venv/uv/bin/uv" "$@" ${NO_INDEX:+--no-index}
)

# Sets the variable $1 to pip's setting $2 as `pip install` sees it: from PIP_…, else [install], else [global].
from_pip() {
    local section value
    for section in :env: install global; do
        value=$(sed -n "s/^$section\.$2=['\"]\(.*\)['\"]\$/\1/p" <<<"$settings")
        [[ -n $value ]] || continue
        [[ -n ${!1-} ]] || export "$1=${value//\\n/ }"
        return
    done
}
