#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Overwrites the root of a tree with zeros, all copies of it: bench/lose_tree.py IMAGE BYTENR. One device."""
import os
import struct
import sys

STEP = 4096


def main():
    path, bytenr = sys.argv[1], int(sys.argv[2])
    with open(path, "r+b") as file:
        head = os.pread(file.fileno(), STEP, 0x10000)
        fsid, nodesize = head[0x20:0x30], struct.unpack_from("<I", head, 0x94)[0]
        at, lost = 0x20000, 0
        while True:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA) // STEP * STEP
            except OSError:
                break
            header = os.pread(file.fileno(), 101, at)
            if len(header) == 101 and header[0x20:0x30] == fsid and struct.unpack_from("<Q", header, 0x30)[0] == bytenr:
                os.pwrite(file.fileno(), bytes(nodesize), at)
                lost += 1
            at += STEP
    if lost == 0:
        sys.exit(f"{path}: no block {bytenr}")


if __name__ == "__main__":
    main()
