// SPDX-License-Identifier: MIT
// The checksums of data, from the checksum tree.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/tree/tree_search.h"

#include <memory>
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
    Result<void> open_tree();
    bool on_item() const;
    Result<void> stand_before(Logical at);
    void copy_from_item(Logical at);

    const Filesystem* filesystem_;
    std::unique_ptr<BlockCache> cache_; // on the heap: items_ refers to it while this moves
    std::optional<TreeSearch> items_;   ///< nothing before the first look-up
    std::vector<std::optional<btrfs::CsumBytes>> found_;
};

} // namespace btrkit
