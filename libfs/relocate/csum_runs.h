// SPDX-License-Identifier: MIT
// Checksums of data at its new place, put into the checksum tree.
#pragma once

#include "libfs/fs/data_checksums.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit {

/// Stretch by stretch, in items that leave no leaf half empty.
class CsumRuns {
public:
    CsumRuns(TreeBuffer& csum_tree, const Geometry& geometry);

    /// Sector by sector. One that stands where the one before ends is of the same stretch.
    void add(Logical at, const std::optional<btrfs::CsumBytes>& csum);
    /// What comes next is another stretch.
    void flush();

private:
    void put(std::size_t item_bytes);

    TreeBuffer& tree_;
    const Geometry& geometry_;
    std::size_t short_bytes_;
    Logical start_; ///< of the open stretch
    Logical end_;
    std::vector<std::byte> bytes_;
};

} // namespace btrkit
