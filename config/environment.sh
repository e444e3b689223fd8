# Make the virtual environment in .venv and bring it up to date; source this from the project folder:
#   needs=run; . config/environment.sh       (or needs=dev) sets $python
# Plain sh, since it runs before anything of ours is installed. TRESEN_PYTHON names a ready interpreter to use instead.

refuse() {
    printf '\n%s\n' "$1" >&2
    exit 1
}

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1
}

find_python() {
    lacking=
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3; do
        suits "$candidate" || continue
        if "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
            base_python=$candidate
            return
        fi
        lacking=$lacking${lacking:+ }$("$candidate" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    done
    if [ -n "$lacking" ]; then
        refuse "Python is here, but without venv. On Debian or Ubuntu: apt install ${lacking%% *} (or python3-venv)"
    fi
    found=$(python3 --version 2>&1) || found="no python3"
    refuse "Tresen needs Python 3.11, 3.12 or 3.13 with venv; found: $found. On Debian or Ubuntu: apt install python3 python3-venv (older releases: python3.11 python3.11-venv). On macOS: brew install python@3.13"
}

make_environment() {
    if [ -f .venv/ready ] && suits .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    find_python
    echo "Creating the virtual environment in .venv with $("$base_python" --version) …"
    "$base_python" -m venv --clear .venv || refuse "The virtual environment could not be created, see above."
    : >.venv/ready
}

install_requirements() {
    wanted=requirements-$needs.txt
    installed=.venv/installed-$needs.txt
    cmp -s "$wanted" "$installed" && return
    echo "Installing $wanted …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$wanted" ||
        refuse "The packages in $wanted could not be installed, see above. Is the package index reachable?"
    cp "$wanted" "$installed"
}

if [ -n "${TRESEN_PYTHON:-}" ]; then
    python=$TRESEN_PYTHON
else
    make_environment
    install_requirements
    python=.venv/bin/python
fi
