// SPDX-License-Identifier: MIT
// The checksums of data, from the checksum tree.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/fs/item_range.h"

#include <vector>

namespace btrkit {

/// Bytes of data that one item of the checksum tree can tell of: no item with a smaller key than that reaches an
/// address.
u64 most_covered_bytes(const Geometry& geometry);

/// Looks up checksums; quickest where addresses ascend. One per thread.
class DataChecksums {
public:
    explicit DataChecksums(const Filesystem& filesystem);

    /// The checksum of each sector from at (the start of a sector) on; nothing for sectors without one. The list lives
    /// until the next call. Fails with not_found where there is no checksum tree, and with damaged where checksums of
    /// the range may be lost.
    Result<std::span<const std::optional<btrfs::CsumBytes>>> find(Logical at, std::size_t sectors);

private:
    Result<void> stand_before(Logical at);
    void take_from_item(Logical at);

    const Filesystem* filesystem_;
    std::optional<TreeRoot> tree_;
    std::optional<ItemRange> items_;
    bool on_item_ = false; ///< items_ stands on one
    std::vector<std::optional<btrfs::CsumBytes>> found_;
};

} // namespace btrkit
