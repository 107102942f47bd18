// SPDX-License-Identifier: MIT
// What is known of a filesystem without reading more than its roots, its chunks and its block groups.
#pragma once

#include "formats/btrfs/device.h"
#include "libfs/ops/subvolume/all_subvolumes.h"
#include "libfs/ops/usage/space/space.h"
#include "libfs/survey/findings.h"

#include <map>

namespace btrkit::apps {

struct Glance {
    const std::vector<std::string>& images;
    const Filesystem& filesystem;
    survey::Findings findings; ///< what opening told, and what could not be read since
    usage::SpaceReport space;  ///< as block groups state it
    subvolume::AllSubvolumes subvolumes;
    std::map<u64, btrfs::DevStatsItem> device_errors; ///< as kernels have counted them, by devid

    const btrfs::Superblock& super() const { return filesystem.super(); }
    bool has_log() const { return super().log_root != 0; }
    /// The subvolume that was changed last: superblocks have no times. Null: there is none, or none that tells.
    const subvolume::SubvolumeInfo* changed_last() const;
    bool is_complete() const { return space.is_complete && subvolumes.is_complete(); }
    /// Whether anything is wrong, and not only worth knowing.
    bool has_errors() const;
    /// One line, a command where there is one.
    std::string next_step() const;
};

/// opening: what Filesystem::open() told. Fails with cancelled.
Result<Glance> glance_at(const Filesystem& filesystem, const std::vector<std::string>& images, survey::Findings opening,
                         const RunContext& context);

} // namespace btrkit::apps
