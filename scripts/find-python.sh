#!/usr/bin/env bash
# Prints a Python >= 3.11 that can make virtual environments. 3.11 comes first: the pinned versions were tested with it.
set -euo pipefail

for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
    # Asked to run, not only looked up: version managers leave shims for versions that are not selected.
    if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done
echo "Python 3.11 or newer with venv is missing." >&2
exit 1
