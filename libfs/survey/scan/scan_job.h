// SPDX-License-Identifier: MIT
// What the three sides of a scan share: the one that makes jobs, those that work at them, the one that finishes them in
// order. Internal to block_scan.h.
#pragma once

#include "libfs/base/pool.h"
#include "libfs/survey/scan/block_scan.h"

namespace btrkit::survey {

/// Bytes of leaves in one batch: together with their other copies they should fit a core's cache.
inline constexpr std::size_t scan_batch_bytes = std::size_t{512} * 1024;
static_assert(scan_batch_bytes >= btrfs::max_nodesize);

struct ScanWorkspace {
    std::unique_ptr<std::byte[]> blocks = std::make_unique_for_overwrite<std::byte[]>(scan_batch_bytes);
    std::unique_ptr<std::byte[]> spare = std::make_unique_for_overwrite<std::byte[]>(scan_batch_bytes);
};

struct ScanJob {
    Pool<ScanWorkspace>::Lease workspace;
    std::vector<ScanStep> steps = {};
    std::vector<Promise> leaves = {};
    std::vector<ReadBlock> read = {};
    std::vector<std::unique_ptr<LeafResult>> results = {};
};

/// What is scanned, and how.
struct ScanTask {
    Survey& survey;
    std::span<const ScanRoot> roots;
    const ScanMode& mode;
    ScanHandler& handler;
    const BlockReader& reader;

    u32 nodesize() const { return reader.nodesize(); }
    u64 number_of(Logical address) const { return address.bytenr / survey.geometry().sectorsize; }
    /// Trees that share nothing don't need the flag; and it is not known before the extent tree was read.
    bool is_full_backref(Logical address) const { return mode.shares && survey.full_backref.test(number_of(address)); }
    /// All copies, where the scan is thorough.
    ReadBlock read_block(const Promise& promise, MutableBytes buffer, MutableBytes spare) const;
    /// Of a block that is seen for the first time.
    void check_flags(const BlockView& block, const Promise& promise, Problems& problems) const;
};

} // namespace btrkit::survey
