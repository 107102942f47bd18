// SPDX-License-Identifier: MIT
// A filesystem made smaller, larger, or compact, with everything in it as it was (libfs/relocate/).
//
// run() makes one commit after the other until it is done; each leaves a whole filesystem, and each is proven. Before
// each it looks at the filesystem anew:
//
//  1. To shrink to a size: if all that lies beyond finds room in holes and unallocated space below, one commit moves it
//     there, cuts the chunks that reach beyond, and sizes the device.
//  2. Else, and to be compact or as small as can be: everything is packed into new chunks without a hole, from the
//  start
//     of the devices on, but for long stretches of data that have no hole and may stay where they are. Two commits: one
//     clears the place (what is there goes into holes and unallocated space elsewhere), one packs.
//  3. Where there is no room to clear all of the place, what is free at the ends of chunks is taken from them first;
//  and
//     if that is not enough it is done part by part: clear a window behind what is packed already, fill it, go on
//     behind it.
//
// Subvolumes that are deleted and not cleaned up yet are deleted first, in a commit of their own, but not to grow. The
// old free space cache (v1), whose files lie in the tree of tree roots, is dropped in a commit of its own first.
// What lies beyond the new end of a device is never needed when the size is told: the superblock says so last.
#pragma once

#include "libfs/ops/commit/commit.h"
#include "libfs/ops/resize/plans.h"

#include <variant>

namespace btrkit::resize {

struct Shrink {
    std::optional<u64> devid = {};      ///< nothing: the only device, or with min_size() all
    std::optional<u64> size_bytes = {}; ///< nothing: as small as can be
    u64 slack_bytes = 0;                ///< more than that, on each device
};
struct Grow {
    std::optional<u64> devid = {};      ///< nothing: the only device
    std::optional<u64> size_bytes = {}; ///< nothing: all that the device has
};
struct Compact {};
using Change = std::variant<Shrink, Grow, Compact>;

struct Options {
    commit::Options commit = {};
    TransactionOptions transaction = {};
    bool trims = false; ///< free space is given back to the host at the end
};

struct DeviceSize {
    u64 devid = 0;
    u64 old_bytes = 0;
    u64 new_bytes = 0;
};

struct Report {
    commit::Report commit = {};           ///< of all commits together
    std::vector<DeviceSize> devices = {}; ///< all of them
    std::vector<u64> cleaned_up = {};     ///< subvolumes that were deleted before, by id
    u64 commit_count = 0;
    bool needs_more = false; ///< a dry run: it has shown the first commit of several
    u64 data_bytes = 0;      ///< moved, once or more often
    u64 block_count = 0;     ///< the same of the blocks of subvolumes
};

/// The devices are those of the filesystem, by devid. Fails with usage and refused (a size that can't be, with the
/// number of bytes that are missing; an undo file where several commits are needed), and as relocate() and
/// commit::run(). Where commits stand already, the message says so; the same run again goes on.
Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Change& change,
                   const Options& options, const RunContext& context);

/// How small the filesystem can get.
struct MinSize {
    std::vector<DeviceSize> devices = {}; ///< new_bytes: as small as can be
    u64 data_bytes = 0;                   ///< one copy of each extent
    u64 metadata_bytes = 0;               ///< the same of tree blocks
    u64 reserve_bytes = 0;                ///< that stay free for metadata: less, and a kernel could not write
};

/// Exactly what Shrink makes of it without a size. Fails with refused, damaged and cancelled.
Result<MinSize> min_size(const Filesystem& committed, const RunContext& context);

} // namespace btrkit::resize
