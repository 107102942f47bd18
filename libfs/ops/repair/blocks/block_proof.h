// SPDX-License-Identifier: MIT
// Whether bytes are the block that was promised, whatever checksum they have: what mended blocks are judged by.
#pragma once

#include "libfs/tree/tree_block.h"

#include <optional>
#include <vector>

namespace btrkit::repair {

using Block = std::vector<std::byte>;

inline btrfs::TreeBlockHeader& header_of(Block& block) {
    return *reinterpret_cast<btrfs::TreeBlockHeader*>(block.data());
}

/// What a leaf tells of its items.
inline std::span<btrfs::ItemHeader> items_of(Block& leaf) {
    auto* first = reinterpret_cast<btrfs::ItemHeader*>(leaf.data() + sizeof(btrfs::TreeBlockHeader));
    return {first, BlockView(leaf).count()};
}

/// The body of one of them.
inline std::span<std::byte> body_of(Block& leaf, u32 slot) {
    const auto body = BlockView(leaf).item_data(slot);
    return std::span(leaf).subspan(static_cast<std::size_t>(body.data() - leaf.data()), body.size());
}

/// Of a whole block.
bool has_right_checksum(const Geometry& geometry, Bytes block);

/// Gives it the checksum that it must have.
void seal(const Geometry& geometry, Block& block);

/// What the flags of a block that was written must be if these can't be: nothing but RELOC is up to the block.
u64 possible_flags(u64 flags, const Geometry& geometry);

class BlockProof {
public:
    /// Of a block of a tree that is known. Both must outlive it.
    BlockProof(const Geometry& geometry, const Promise& promise) : geometry_(&geometry), promise_(&promise) {}

    const Geometry& geometry() const { return *geometry_; }

    /// What is objected to in its items; nothing: it is not the promised block, or holds no items where it says.
    std::optional<Problems> problems_of(const Block& block) const;
    /// Its items may be anything.
    bool is_well_formed(const Block& block) const { return problems_of(block).has_value(); }
    /// How much is objected to before any item is looked at.
    std::size_t count_broken(const Block& block) const;
    /// It is what was promised, and so are its items.
    bool is_sound(const Block& block) const;

private:
    std::optional<TreeBlock> prove(Block& block, Problems& problems) const;

    const Geometry* geometry_;
    const Promise* promise_;
};

} // namespace btrkit::repair
