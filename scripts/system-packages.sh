#!/usr/bin/env bash
# Makes sure that the system has what a group needs, and installs it where it may:
#   system-packages.sh rendering   EGL, GL and Mesa's software rasteriser (and GLib, for OpenCV)
#   system-packages.sh python      Python 3.11 or newer with venv and pip
#   system-packages.sh browser     a Chromium for the browser test
# Installs with apt-get as root or through `sudo -n`; otherwise prints the exact line to type and fails.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
group=${1:?usage: system-packages.sh rendering|python|browser}

has_library() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -qF "$1 "; }

is_ready() {
    case $group in
    rendering)
        [ "$(uname -s)" != Linux ] && return 0 # macOS and Windows bring their own GL
        for library in libEGL.so.1 libGL.so.1 libgthread-2.0.so.0; do has_library "$library" || return 1; done
        has_library libEGL_mesa.so.0 || has_library libEGL_nvidia.so.0
        ;;
    python) "$root/scripts/find-python.sh" >/dev/null 2>&1 ;;
    browser) "$root/.venv/bin/python" -c 'import sys; from app.browser import find_browser; sys.exit(not find_browser())' ;;
    *)
        echo "system-packages.sh: unknown group '$group'; known are rendering, python and browser." >&2
        exit 2
        ;;
    esac
}

is_ready && exit 0

case $group in
rendering) debian="libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri libopengl0 libglib2.0-0" fedora="mesa-libEGL mesa-libGL mesa-dri-drivers libglvnd-opengl glib2" arch="mesa libglvnd glib2" mac="" what="The GL libraries for rendering are" ;;
python) debian="python3 python3-venv" fedora="python3.12" arch="python" mac="python@3.12" what="Python 3.11 or newer with venv is" ;;
browser) debian="chromium" fedora="chromium" arch="chromium" mac="" what="A Chromium for the browser test is" ;;
esac
# Debian splits ensurepip off: the package carries the version of the interpreter that lacks it.
if [ "$group" = python ] && command -v python3.11 >/dev/null; then debian="python3.11-venv"; fi
# Ubuntu's chromium package is a snap, which does not run in containers: take Playwright's build there.
if [ "$group" = browser ] && { ! command -v apt-get >/dev/null || grep -qi '^ID=ubuntu' /etc/os-release; }; then
    echo "Installing Playwright's Chromium, since this system has no browser that the test can drive."
    for deps in --with-deps ""; do # its libraries need root, the browser does not
        # shellcheck disable=SC2086
        "$root/.venv/bin/python" -m playwright install $deps chromium </dev/null && is_ready && exit 0
    done
fi

if command -v apt-get >/dev/null; then line="apt-get update && apt-get install -y --no-install-recommends $debian"
elif command -v dnf >/dev/null; then line="dnf install -y $fedora"
elif command -v pacman >/dev/null; then line="pacman -S --needed $arch"
elif command -v brew >/dev/null && [ -n "$mac" ]; then line="brew install $mac"
else line=""; fi

if [ -n "$line" ] && command -v apt-get >/dev/null; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if [ -z "$as_root" ] || sudo -n true 2>/dev/null; then
        echo "$what missing; installing: $debian"
        export DEBIAN_FRONTEND=noninteractive
        $as_root apt-get update -q </dev/null || true # a stale list of one source must not stop the others
        # shellcheck disable=SC2086
        $as_root apt-get install -y -q --no-install-recommends $debian </dev/null || true
        is_ready && exit 0
    fi
fi

{
    echo "$what missing. Type this, then run make again:"
    if [ -z "$line" ]; then echo "    (with this system's package manager) install the equivalents of: $debian"
    elif [ "$(id -u)" = 0 ]; then echo "    $line"
    else echo "    sudo sh -c '$line'"; fi
} >&2
exit 1
