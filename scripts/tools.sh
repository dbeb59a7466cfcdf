#!/usr/bin/env bash
# Install the tools named, from Debian's packages, where they are missing and we may. A tool that stays missing is
# named: the tests that need it say that they were skipped.
set -euo pipefail

package() {
    case "$1" in
        c++) echo g++ ;;
        cvlc) echo vlc-bin vlc-plugin-base ;;
        initdb) echo postgresql ;;
        nginx) echo nginx-light ;;
        *) echo "$1" ;;
    esac
}

# Debian keeps PostgreSQL's server programs out of the path.
for folder in /usr/lib/postgresql/*/bin; do PATH="$PATH:$folder"; done

missing=()
for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || missing+=("$tool")
done
[ ${#missing[@]} -gt 0 ] || exit 0

packages=()
for tool in "${missing[@]}"; do
    read -ra of_tool <<<"$(package "$tool")"
    packages+=("${of_tool[@]}")
done

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi

if command -v apt-get >/dev/null 2>&1 && "${as_root[@]}" true 2>/dev/null; then
    echo "installing ${packages[*]}"
    "${as_root[@]}" apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
        "${packages[@]}" >/dev/null || true
fi
for tool in "${missing[@]}"; do
    command -v "$tool" >/dev/null 2>&1 || echo "NOTICE: $tool is missing and could not be installed; install $(package "$tool")"
done
