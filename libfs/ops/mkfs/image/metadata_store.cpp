// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/metadata_store.h"

#include "libfs/base/checksum.h"
#include "libfs/tree/item_check.h"

#include <fmt/format.h>

namespace btrkit::mkfs {

Result<Logical> MetadataStore::place(u64 tree) {
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
    const auto csum = checksum(geometry_->csum_type, bytes.subspan(btrfs::max_csum_size));
    std::memcpy(bytes.data(), csum.data(), csum.size());
    BTRKIT_TRY(prove(block, bytes));
    return writer_->write(block.address, bytes);
}

Result<void> MetadataStore::prove(const BuiltBlock& block, Bytes bytes) const {
    Problems problems;
    const auto proven = TreeBlock::prove(
        bytes, *geometry_, {.address = block.address, .level = block.level, .tree = block.tree}, problems);
    if (proven) {
        check_items(*proven, *geometry_, block.tree, problems);
    }
    if (!problems.empty()) {
        return fail_as_bug("a tree block that was about to be written is wrong: " + describe(problems.front()));
    }
    return {};
}

} // namespace btrkit::mkfs
