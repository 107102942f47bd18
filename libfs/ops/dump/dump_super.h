// SPDX-License-Identifier: MIT
// Reads superblocks for showing: all that were asked for, whatever state they are in, and how they differ.
//
// run() does this with each device, in the order given:
//
//  1. Read the superblock at the mirror or offset that was asked for, or all mirrors that fit into the device.
//  2. Note why those are missing that could not be read.
//  3. Compare those that were read with each other, where all were asked for.
//
// A few KiB a device: nobody needs to watch or stop that, so there is no RunContext.
#pragma once

#include "libfs/io/block_device.h"
#include "libfs/volume/superblock_copies.h"

#include <memory>
#include <variant>

namespace btrkit::dump_super {

struct AllMirrors {}; ///< all that fit into the device
struct OneMirror {
    unsigned number = 0; ///< 0 to 2
};
struct AtOffset {
    u64 bytes = 0;
};
/// Which superblocks of each device.
using Choice = std::variant<OneMirror, AllMirrors, AtOffset>;

struct Options {
    Choice choice;
};

inline bool has_magic(const SuperblockCopy& copy) {
    return copy.super.magic == btrfs::superblock_magic;
}

struct DeviceReport {
    std::string path;
    u64 size_bytes = 0;
    /// What was read, in the order of the offsets; with or without the magic. The mirror of one that was read at an
    /// offset where no mirror stands is 0.
    std::vector<SuperblockCopy> copies = {};
    std::vector<Error> errors = {}; ///< why others that were asked for are not among the copies
    Problems unreadable = {};       ///< mirrors that should be there but could not be read
    Problems differences = {};      ///< what compare_superblock_copies() says of the copies
};

struct Report {
    std::vector<DeviceReport> devices; ///< as given
};

Report run(std::span<const std::unique_ptr<BlockDevice>> devices, const Options& options);

} // namespace btrkit::dump_super
