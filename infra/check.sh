#!/usr/bin/env bash
# `make infra-check`: formatting, then init, validate, test and plan against mock providers, of both environments and every module.
# Works on a copy. Where no provider registry can be reached it says what it left out; REQUIRE_ALL=1 makes that an error.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
unset "${!TF_CLI_ARGS@}" 2>/dev/null || true
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1

if ! command -v terraform >/dev/null; then
  echo "infra-check needs the terraform command, 1.9 or newer: https://developer.hashicorp.com/terraform/install" >&2
  exit 1
fi
terraform fmt -check -recursive "$root/infra" || { echo "not formatted: run terraform fmt -recursive infra" >&2; exit 1; }
echo "formatted"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/docs"
cp -R "$root/infra" "$root/workflows" "$copy"
cp -R "$root/docs/runbooks" "$copy/docs"
cd "$copy"
export TF_PLUGIN_CACHE_DIR=${TF_PLUGIN_CACHE_DIR:-$HOME/.cache/ripple/terraform-plugins}
mkdir -p "$TF_PLUGIN_CACHE_DIR"

folders=(infra/envs/* infra/modules/*)
if ! terraform -chdir=infra/envs/dev init -backend=false -no-color >init.log 2>&1; then
  if ! grep -qE "could not connect to|Failed to query available provider packages|no such host|timeout|Forbidden" init.log; then
    cat init.log >&2
    exit 1
  fi
  echo "no provider registry can be reached: left out init, validate, test and plan of ${folders[*]}" >&2
  [ -z "${REQUIRE_ALL:-}" ] || exit 1
  exit 0
fi

failed=()
for folder in "${folders[@]}"; do
  echo "$folder"
  { terraform -chdir="$folder" init -backend=false -no-color >init.log 2>&1 || { cat init.log >&2; false; }; } \
    && terraform -chdir="$folder" validate -no-color \
    && { [ ! -d "$folder/tests" ] || terraform -chdir="$folder" test -no-color; } \
    || failed+=("$folder")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
echo "all ${#folders[@]} folders: valid, and their tests pass (plans against mock providers)"
