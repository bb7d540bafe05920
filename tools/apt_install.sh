#!/bin/sh
# Install the named Debian/Ubuntu packages, saying so. Without root and without sudo: name them and stop.
set -eu
if ! command -v apt-get >/dev/null; then
    echo "This needs $* and there is no apt-get here: install it in your system's way, then run make again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    root=sudo
else
    echo "This needs the system package $*, and I am neither root nor may I use sudo." >&2
    echo "Ask an administrator to run:  apt-get install $*   and then run make again." >&2
    exit 1
fi
echo "Installing the system package $* (apt-get)"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { $root apt-get update && $root apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "apt-get could not install $* (its own words are above)." >&2
    exit 1
fi
rm -f "$log"
