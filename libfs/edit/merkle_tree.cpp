// SPDX-License-Identifier: MIT
#include "libfs/edit/merkle_tree.h"

#include <fmt/format.h>

namespace btrkit {

MerkleTree::MerkleTree(const MerkleParameters& parameters, Put put)
    : hash_(btrfs::find_fsverity_hash(static_cast<u8>(parameters.hash))), block_bytes_(parameters.block_bytes),
      padded_salt_(parameters.salt.begin(), parameters.salt.end()), put_(std::move(put)) {
    padded_salt_.resize(round_up(padded_salt_.size(), hash_->input_block_bytes));
}

Result<MerkleTree> MerkleTree::begin(const MerkleParameters& parameters, u64 file_bytes, Put put) {
    MerkleTree tree(parameters, std::move(put));
    const auto blocks_for = [&](u64 bytes) { return bytes / tree.block_bytes_ + (bytes % tree.block_bytes_ != 0); };
    std::vector<u64> level_blocks;
    for (u64 blocks = blocks_for(file_bytes); blocks > 1; level_blocks.push_back(blocks)) {
        blocks = blocks_for(blocks * tree.hash_->size_bytes);
    }
    if (level_blocks.size() > btrfs::max_fsverity_levels) {
        return fail(ErrorKind::unsupported,
                    fmt::format("a file of {} bytes is too large for fs-verity with blocks of {} bytes", file_bytes,
                                tree.block_bytes_));
    }
    tree.levels_.resize(level_blocks.size());
    u64 offset = 0;
    for (std::size_t level = level_blocks.size(); level-- > 0;) {
        tree.levels_[level].next_offset = offset;
        offset += level_blocks[level] * tree.block_bytes_;
    }
    return tree;
}

void MerkleTree::add(Bytes block) {
    add_hash(0, hash_of(block));
}

/// What the level's block is filled by goes on as its hash to the level above.
void MerkleTree::add_hash(std::size_t level, FsverityHashBytes hash) {
    for (; level < levels_.size(); ++level) {
        auto& block = levels_[level].block;
        const Bytes bytes = as_bytes_of(hash).first(hash_->size_bytes);
        block.insert(block.end(), bytes.begin(), bytes.end());
        if (block.size() < block_bytes_) {
            return;
        }
        hash = close(levels_[level]);
    }
    root_ = hash;
}

FsverityHashBytes MerkleTree::close(Level& level) {
    level.block.resize(block_bytes_);
    put_(level.next_offset, level.block);
    const auto hash = hash_of(level.block);
    level.next_offset += block_bytes_;
    level.block.clear();
    return hash;
}

FsverityHashBytes MerkleTree::finish() {
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        if (!levels_[level].block.empty()) {
            add_hash(level + 1, close(levels_[level]));
        }
    }
    return root_;
}

} // namespace btrkit
