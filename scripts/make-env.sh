#!/usr/bin/env bash
# Prepares .venv with everything in it, and what the system must have. Writes the stamp named by its argument at the end.
set -euo pipefail

cd "$(dirname "$0")/.."
stamp=${1:?usage: make-env.sh STAMP}

scripts/system-packages.sh python
scripts/system-packages.sh rendering
python=$(scripts/find-python.sh)
echo "Preparing .venv with $("$python" --version) (a few minutes the first time)."
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
rm -f .venv/.ready-*
touch "$stamp"
