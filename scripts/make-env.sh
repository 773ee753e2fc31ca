#!/usr/bin/env bash
# Prepares .venv with everything in it, and what the system must have. Writes the stamp named by its argument at the end.
set -euo pipefail

cd "$(dirname "$0")/.."
stamp=${1:?usage: make-env.sh STAMP}

scripts/system-packages.sh python
scripts/system-packages.sh rendering
python=$(scripts/find-python.sh)
echo "Preparing .venv with $("$python" --version) (a few minutes the first time)."
# A .venv that works is brought up to date; one whose Python is gone is made anew.
.venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
rm -f .venv/.ready-*
.venv/bin/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
touch "$stamp"
