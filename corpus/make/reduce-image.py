#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies the devices of a sample image without the file data: reduce-image.py FROM TO [DUMP ...]

FROM holds dev1.img, dev2.img, ... and expect/dump-tree.txt, whose chunk tree says where what lies, like those of
further DUMPs. Kept are the
superblocks and everything in system and metadata chunks, allocated or not (old copies of tree blocks are there);
of mixed chunks everything but data extents. All else becomes holes.
"""
import os
import re
import struct
import sys

SUPERBLOCKS = (64 << 10, 64 << 20, 256 << 30)
SUPERBLOCK_SIZE = 4096
DEVID_OFFSET = 0xC9
COPY_STEP = 4096
# Stripes of a chunk that hold the same bytes, and parity stripes.
PROFILES = {"single": (1, 0), "DUP": (2, 0), "RAID0": (1, 0), "RAID1": (2, 0), "RAID1C3": (3, 0), "RAID1C4": (4, 0),
            "RAID10": (2, 0), "RAID5": (1, 1), "RAID6": (1, 2)}


def read_chunks(text):
    """(logical, length, kinds, profile, [(devid, offset), ...]) of every chunk in a dump."""
    chunks = []
    for part in re.split(r"\n\titem ", text):
        key = re.match(r"\d+ key \(FIRST_CHUNK_TREE CHUNK_ITEM (\d+)\)", part)
        if not key:
            continue
        length = int(re.search(r"length (\d+)", part).group(1))
        kinds = re.search(r" type (\S+)", part).group(1).split("|")
        stripes = [(int(d), int(o)) for d, o in re.findall(r"stripe \d+ devid (\d+) offset (\d+)", part)]
        profile = next((kind for kind in kinds if kind in PROFILES), "single")
        chunks.append((int(key.group(1)), length, kinds, profile, stripes))
    return chunks


def stripe_length(length, profile, stripes):
    copies, parity = PROFILES[profile]
    return length * copies // (len(stripes) - parity)


def read_data_extents(text):
    """(logical, length) of every data extent in a dump."""
    extents = []
    for part in re.split(r"\n\titem ", text):
        key = re.match(r"\d+ key \((\d+) EXTENT_ITEM (\d+)\)", part)
        if key and re.search(r"flags DATA\b", part):
            extents.append((int(key.group(1)), int(key.group(2))))
    return extents


def ranges_to_keep(text, keep, cut):
    """Adds to keep, devid -> [(start, end)], and to cut, the same, what is to be cut out of those again."""
    extents = None
    for logical, length, kinds, profile, stripes in read_chunks(text):
        if "METADATA" not in kinds and "SYSTEM" not in kinds:
            continue
        for devid, offset in stripes:
            keep.setdefault(devid, []).append((offset, offset + stripe_length(length, profile, stripes)))
        if "DATA" not in kinds:
            continue
        assert profile in ("single", "DUP"), "mixed chunks of this profile are not provided for"
        extents = extents if extents is not None else read_data_extents(text)
        for start, size in extents:
            if logical <= start < logical + length:
                for devid, offset in stripes:
                    cut.setdefault(devid, []).append((offset + start - logical, offset + start - logical + size))


def copy_range(source, target, start, end):
    source.seek(start)
    while start < end:
        block = source.read(min(COPY_STEP, end - start))
        if not block:
            return
        if block.count(0) != len(block):
            target.seek(start)
            target.write(block)
        start += len(block)


def reduce_device(source_path, target_path, keep, cut):
    with open(source_path, "rb") as source, open(target_path, "wb") as target:
        size = os.fstat(source.fileno()).st_size
        target.truncate(size)
        source.seek(SUPERBLOCKS[0] + DEVID_OFFSET)
        devid = struct.unpack("<Q", source.read(8))[0]
        for offset in SUPERBLOCKS:
            if offset + SUPERBLOCK_SIZE <= size:
                copy_range(source, target, offset, offset + SUPERBLOCK_SIZE)
        for start, end in keep.get(devid, []):
            copy_range(source, target, start, end)
        for start, end in cut.get(devid, []):
            target.seek(start)
            target.write(bytes(end - start))
    os.system(f"fallocate --dig-holes '{target_path}'")


def main():
    folder, target = sys.argv[1:3]
    keep, cut = {}, {}
    for dump in [os.path.join(folder, "expect", "dump-tree.txt"), *sys.argv[3:]]:
        with open(dump, encoding="ascii") as file:
            ranges_to_keep(file.read(), keep, cut)
    os.makedirs(target, exist_ok=True)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".img"):
            reduce_device(os.path.join(folder, name), os.path.join(target, name), keep, cut)


main()
