// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_builder.h"

#include "libfs/tree/open_block.h"

#include <cassert>

#include <fmt/format.h>

namespace btrkit {

/// The block of one level that is being filled.
struct TreeBuilder::Level {
    OpenBlock block;
    u64 closed_count = 0; ///< blocks of this level that are written already
};

TreeBuilder::TreeBuilder(const Geometry& geometry, const TreeIdentity& identity, BlockSink& sink)
    : geometry_(&geometry), identity_(identity), sink_(&sink) {
    levels_.push_back({.block = OpenBlock(geometry.nodesize)});
}
TreeBuilder::~TreeBuilder() = default;
TreeBuilder::TreeBuilder(TreeBuilder&&) noexcept = default;

Result<void> TreeBuilder::add(const btrfs::Key& key, Bytes data) {
    assert(levels_[0].block.is_empty() || levels_[0].block.last_key() < key);
    if (data.size() > btrfs::max_item_size(geometry_->nodesize)) {
        return fail_as_bug(
            fmt::format("an item of {} bytes does not fit tree blocks of {} bytes", data.size(), geometry_->nodesize));
    }
    if (!levels_[0].block.has_room_for_item(data.size())) {
        BTRKIT_TRY(close(0));
    }
    levels_[0].block.add_item(key, data);
    return {};
}

Result<void> TreeBuilder::close(unsigned level) {
    BTRKIT_TRY_ASSIGN(const auto built, emit(levels_[level], static_cast<u8>(level)));
    return add_pointer(level + 1, built.first_key, built.address);
}

Result<void> TreeBuilder::add_pointer(unsigned level, const btrfs::Key& first_key, Logical child) {
    if (level >= btrfs::max_level_count) {
        return fail(ErrorKind::no_space,
                    fmt::format("tree {} would need more than {} levels", identity_.tree, btrfs::max_level_count));
    }
    if (level == levels_.size()) {
        levels_.push_back({.block = OpenBlock(geometry_->nodesize)});
    }
    if (!levels_[level].block.has_room_for_pointer()) {
        BTRKIT_TRY(close(level));
    }
    levels_[level].block.add_pointer(first_key, child, identity_.generation);
    return {};
}

Result<BuiltBlock> TreeBuilder::emit(Level& level, u8 number) {
    BTRKIT_TRY_ASSIGN(const auto built, level.block.emit(*geometry_, identity_, number, *sink_));
    ++level.closed_count;
    ++block_count_;
    return built;
}

Result<BuiltTree> TreeBuilder::finish() {
    for (unsigned level = 0;; ++level) {
        BTRKIT_TRY_ASSIGN(const auto built, emit(levels_[level], static_cast<u8>(level)));
        // Only one block on this level: nothing needs to point to it.
        if (levels_[level].closed_count == 1) {
            return BuiltTree{.root = built.address, .level = static_cast<u8>(level), .block_count = block_count_};
        }
        BTRKIT_TRY(add_pointer(level + 1, built.first_key, built.address));
    }
}

} // namespace btrkit
