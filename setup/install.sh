#!/bin/sh
# Installs pinned packages into a virtual environment: setup/install.sh VENV REQUIREMENTS
# uv is ten times as fast as pip, but knows nothing of pip's configuration, which may name another index.
uv pip install --quiet --python "$1/bin/python" --require-hashes -r "$2" ||
  "$1/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$2"
