// SPDX-License-Identifier: MIT
// The checksum tree, from the checksums of data in the order of its addresses.
#pragma once

#include "libfs/base/item_buffer.h"
#include "libfs/tree/tree_builder.h"

namespace btrkit::mkfs {

class CsumWriter {
public:
    CsumWriter(const Geometry& geometry, const TreeIdentity& identity, BlockSink& sink);

    /// The checksums of the sectors from `at` on, one behind the other. Addresses ascend.
    Result<void> add(Logical at, Bytes csums);
    Result<BuiltTree> finish();

private:
    Result<void> flush();

    u32 sectorsize_;
    u32 csum_size_;
    std::size_t max_item_bytes_;
    TreeBuilder builder_;
    Logical start_; ///< of the open item
    ItemBuffer open_;
};

} // namespace btrkit::mkfs
