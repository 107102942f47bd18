// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_builder.h"

#include "formats/btrfs/flags.h"

#include <cassert>

#include <fmt/format.h>

namespace btrkit {

/// The block of one level that is being filled.
class TreeBuilder::OpenBlock {
public:
    explicit OpenBlock(u32 nodesize) : bytes_(nodesize) { clear(); }

    bool is_empty() const { return count_ == 0; }
    u32 count() const { return count_; }
    btrfs::Key first_key() const { return first_key_; }
    btrfs::Key last_key() const { return last_key_; }
    MutableBytes bytes() { return bytes_; }

    bool has_room_for_item(std::size_t size) const {
        return sizeof(btrfs::ItemHeader) + size <= data_start_ - entries_end_;
    }
    bool has_room_for_pointer() const { return count_ < btrfs::node_capacity(static_cast<u32>(bytes_.size())); }

    void add_item(const btrfs::Key& key, Bytes data) {
        data_start_ -= data.size();
        std::ranges::copy(data, bytes_.begin() + static_cast<std::ptrdiff_t>(data_start_));
        add_entry(key, btrfs::ItemHeader{.key = btrfs::DiskKey::from(key),
                                         .offset = static_cast<u32>(data_start_ - sizeof(btrfs::TreeBlockHeader)),
                                         .size = static_cast<u32>(data.size())});
    }
    void add_pointer(const btrfs::Key& key, Logical child, u64 generation) {
        add_entry(key, btrfs::KeyPointer{
                           .key = btrfs::DiskKey::from(key), .blockptr = child.bytenr, .generation = generation});
    }
    void clear() {
        std::ranges::fill(bytes_, std::byte{0});
        entries_end_ = sizeof(btrfs::TreeBlockHeader);
        data_start_ = bytes_.size();
        count_ = 0;
    }

    u64 closed_count = 0; ///< blocks of this level that are written already

private:
    template <class Entry>
    void add_entry(const btrfs::Key& key, const Entry& entry) {
        std::memcpy(bytes_.data() + entries_end_, &entry, sizeof(entry));
        entries_end_ += sizeof(entry);
        if (count_++ == 0) {
            first_key_ = key;
        }
        last_key_ = key;
    }

    std::vector<std::byte> bytes_;
    std::size_t entries_end_ = 0; ///< where the next item header or pointer goes
    std::size_t data_start_ = 0;  ///< where the last item's data begins
    u32 count_ = 0;
    btrfs::Key first_key_;
    btrfs::Key last_key_;
};

TreeBuilder::TreeBuilder(const Geometry& geometry, const TreeIdentity& identity, BlockSink& sink)
    : geometry_(&geometry), identity_(identity), sink_(&sink) {
    levels_.emplace_back(geometry.nodesize);
}
TreeBuilder::~TreeBuilder() = default;
TreeBuilder::TreeBuilder(TreeBuilder&&) noexcept = default;

Result<void> TreeBuilder::add(const btrfs::Key& key, Bytes data) {
    assert(levels_[0].is_empty() || levels_[0].last_key() < key);
    if (data.size() > btrfs::max_item_size(geometry_->nodesize)) {
        return fail_as_bug(
            fmt::format("an item of {} bytes does not fit tree blocks of {} bytes", data.size(), geometry_->nodesize));
    }
    if (!levels_[0].has_room_for_item(data.size())) {
        BTRKIT_TRY(close(0));
    }
    levels_[0].add_item(key, data);
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
        levels_.emplace_back(geometry_->nodesize);
    }
    if (!levels_[level].has_room_for_pointer()) {
        BTRKIT_TRY(close(level));
    }
    levels_[level].add_pointer(first_key, child, identity_.generation);
    return {};
}

Result<BuiltBlock> TreeBuilder::emit(OpenBlock& block, u8 level) {
    BTRKIT_TRY_ASSIGN(const auto address, sink_->place(identity_.tree));
    const btrfs::TreeBlockHeader header = {
        .fsid = geometry_->tree_fsid,
        .bytenr = address.bytenr,
        .flags = btrfs::header_flag_written | btrfs::flag_bit(btrfs::header_backref_revision_shift),
        .chunk_tree_uuid = identity_.chunk_tree_uuid,
        .generation = identity_.generation,
        .owner = identity_.tree,
        .nritems = block.count(),
        .level = level,
    };
    std::memcpy(block.bytes().data(), &header, sizeof(header));
    const BuiltBlock built = {
        .address = address, .tree = identity_.tree, .level = level, .first_key = block.first_key()};
    BTRKIT_TRY(sink_->take(built, block.bytes()));
    block.clear();
    ++block.closed_count;
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
