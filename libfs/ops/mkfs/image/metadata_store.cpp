// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/metadata_store.h"

#include "formats/btrfs/objectids.h"
#include "libfs/tree/seal_block.h"

namespace btrkit::mkfs {

Result<Logical> MetadataStore::place(u64 tree, u8 /*level*/) {
    SpacePool& pool = tree == btrfs::chunk_tree_id ? system_ : metadata_;
    const auto at = pool.take(geometry_->nodesize);
    if (!at) {
        return fail(ErrorKind::no_space, "no space left for metadata");
    }
    return *at;
}

Result<void> MetadataStore::take(const BuiltBlock& block, MutableBytes bytes) {
    blocks_.push_back(block);
    if (writer_ == nullptr) {
        return {};
    }
    BTRKIT_TRY(seal_block(block, bytes, *geometry_));
    return writer_->write(block.address, bytes);
}

} // namespace btrkit::mkfs
