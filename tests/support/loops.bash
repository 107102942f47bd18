# SPDX-License-Identifier: MIT
# Sourced by suites that give images to a kernel: letting go of what others may look at just then. `btrfs` of another run
# and udev look at all devices and all mounts; a mount that is held is busy, and a loop device that is held goes with the
# last close only, while our tools rightly refuse the file behind it.
# shellcheck shell=bash

# unmount FOLDER...: those that are mounted.
unmount() {
    local folder i
    for folder in "$@"; do
        mountpoint -q "$folder" || continue
        for ((i = 0; i < 50; i++)); do
            ! umount "$folder" 2>/dev/null || continue 2
            sleep 0.1
        done
        umount "$folder" || return
    done
}

# detach_loops LOOP...: the kernel forgets them, and nothing is behind them any more.
detach_loops() {
    local loop file i
    for loop in "$@"; do
        file=$(losetup -n -O BACK-FILE "$loop" 2>/dev/null) || continue
        btrfs device scan --forget "$loop" >/dev/null 2>&1 || true
        losetup -d "$loop" || true
        for ((i = 0; i < 50; i++)); do
            [ "$(losetup -n -O BACK-FILE "$loop" 2>/dev/null)" = "$file" ] || break
            sleep 0.1
        done
    done
}
