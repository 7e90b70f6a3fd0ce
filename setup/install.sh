#!/bin/sh
# Installs packages into a virtual environment. Usage: setup/install.sh VENV PIP_INSTALL_ARGUMENTS...
# uv is ten times as fast as pip, but ignores pip's configuration, which may name another index: if uv fails, pip runs.
venv=$1
shift
uv pip install --quiet --python "$venv/bin/python" "$@" ||
  "$venv/bin/python" -m pip install --disable-pip-version-check "$@"
