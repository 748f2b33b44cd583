#!/usr/bin/env bash
# Writes the three lock files: everything for the tests first, then the smaller sets held to the same versions.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { # name, then pip-compile's options
    local name=$1
    shift
    CUSTOM_COMPILE_COMMAND="make lock" "${COMPILER:-pip-compile}" --quiet --generate-hashes --allow-unsafe --strip-extras \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options "$@" \
        --output-file "requirements/$name.lock" pyproject.toml requirements/build.in
}
compile dev --extra hub --extra provisioning --extra dashboards --extra simulator --extra dev
compile demo --extra hub --extra simulator --constraint requirements/dev.lock
compile agent --constraint requirements/dev.lock
