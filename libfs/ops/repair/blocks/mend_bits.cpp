// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/mend_bits.h"

#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/repair/blocks/one_bit.h"

#include <algorithm>
#include <set>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

/// More that can't be than that, and it is not bits that were flipped.
constexpr std::size_t most_items = 8;
/// A key out of order, and a place that neither what stands before nor what stands behind fits.
constexpr std::size_t most_broken_by_a_bit = 8;

/// With fewer items any block would be sound that is sound up to there. They were never there if what tells of them
/// tells nothing.
bool keeps_items(const Block& flipped, const Block& original) {
    const BlockView view(flipped);
    const std::size_t entry_bytes = view.is_leaf() ? sizeof(btrfs::ItemHeader) : sizeof(btrfs::KeyPointer);
    const auto entries = Bytes(flipped).subspan(sizeof(btrfs::TreeBlockHeader));
    const u32 count = BlockView(original).count();
    const auto lost =
        clipped(entries, view.count() * entry_bytes, (count - std::min(view.count(), count)) * entry_bytes);
    return std::ranges::all_of(lost, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Nothing is objected to in an item of an unknown type, nor in one that may hold anything: that proves nothing.
bool have_telling_types(const Block& flipped, const Block& original) {
    const BlockView view(flipped);
    const BlockView was(original);
    for (u32 slot = 0; view.is_leaf() && slot < std::min(view.count(), was.count()); ++slot) {
        const u8 now = view.key(slot).type;
        const auto* info = btrfs::find_item_type(now);
        if (now != was.key(slot).type && (info == nullptr || info->min_size <= 1)) {
            return false;
        }
    }
    return true;
}

/// With a bit of its type flipped any extent would be one that stands inline, but for this.
bool have_inline_extents_room(const Geometry& geometry, const Block& block) {
    const BlockView view(block);
    for (u32 slot = 0; view.is_leaf() && slot < view.count(); ++slot) {
        const auto body = view.item_data(slot);
        const auto* head = view.key(slot).type == type::extent_data ? view_at<btrfs::FileExtentHead>(body) : nullptr;
        if (head != nullptr && head->type == static_cast<u8>(btrfs::FileExtentType::inline_data) &&
            !fits_inline(*head, body.size() - sizeof(*head), geometry.sectorsize)) {
            return false;
        }
    }
    return true;
}

/// The header, and what tells of items where no more is wrong with it than one bit can make wrong. How many items there
/// are stands in the header.
std::vector<BytePlace> suspicious_places(const BlockProof& proof, const Block& block) {
    const BlockView view(block);
    const std::size_t entry_bytes = view.is_leaf() ? sizeof(btrfs::ItemHeader) : sizeof(btrfs::KeyPointer);
    constexpr std::size_t header_end = sizeof(btrfs::TreeBlockHeader);
    std::vector<BytePlace> places = {{btrfs::max_csum_size, header_end}};
    if (proof.count_broken(block) <= most_broken_by_a_bit) {
        places.push_back({header_end, header_end + view.count() * entry_bytes});
    }
    return places;
}

/// What tells of an item, and the item; and of the one before it, which may be what this one seems to be at odds with.
std::vector<BytePlace> places_of(const Block& block, u32 slot) {
    constexpr std::size_t header_bytes = sizeof(btrfs::TreeBlockHeader);
    std::vector<BytePlace> places;
    for (u32 one = slot > 0 ? slot - 1 : 0; one <= slot; ++one) {
        const std::size_t entry = header_bytes + one * sizeof(btrfs::ItemHeader);
        const auto& item = BlockView(block).item(one);
        places.push_back({entry, entry + sizeof(btrfs::ItemHeader)});
        places.push_back({header_bytes + item.offset, header_bytes + item.offset + item.size});
    }
    return places;
}

/// Whether an inode of this leaf says that it holds as many bytes.
bool has_inode_of(const BlockView& leaf, u64 inode, u64 nbytes) {
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        const auto* item = leaf.key(slot) == btrfs::Key{inode, type::inode_item, 0}
                               ? view_at<btrfs::InodeItem>(leaf.item_data(slot))
                               : nullptr;
        if (item != nullptr) {
            return item->nbytes == nbytes;
        }
    }
    return false;
}

/// What stands inline and is not compressed is as long as it says; where its inode agrees with the one, the other
/// is wrong. Any bit of what tells how it is packed would explain it too.
bool settle_inline_lengths(Block& block) {
    const BlockView view(block);
    bool has_changed = false;
    for (u32 slot = 0; slot < view.count(); ++slot) {
        const auto body = view.item_data(slot);
        const auto* head = view_at<btrfs::FileExtentHead>(body);
        const auto key = view.key(slot);
        if (key.type != type::extent_data || head == nullptr ||
            head->type != static_cast<u8>(btrfs::FileExtentType::inline_data) || head->compression != 0) {
            continue;
        }
        const u64 stored = body.size() - sizeof(*head);
        if (head->ram_bytes != stored && has_inode_of(view, key.objectid, stored)) {
            reinterpret_cast<btrfs::FileExtentHead*>(body_of(block, slot).data())->ram_bytes = stored;
            has_changed = true;
        }
    }
    return has_changed;
}

std::set<u32> impossible_items(const BlockProof& proof, const Block& block) {
    std::set<u32> slots;
    for (const auto& problem : proof.problems_of(block).value_or(Problems{})) {
        if (problem.place.slot && slots.size() < most_items) {
            slots.insert(*problem.place.slot);
        }
    }
    return slots;
}

/// How much is objected to in that item; nothing: it is no leaf any more, or other items are objected to than were.
std::optional<std::size_t> count_of(const std::optional<Problems>& problems, const std::set<u32>& known, u32 slot) {
    std::size_t count = 0;
    for (const auto& problem : problems.value_or(Problems{})) {
        if (!problem.place.slot || !known.contains(*problem.place.slot)) {
            return std::nullopt;
        }
        count += problem.place.slot == slot ? 1 : 0;
    }
    return problems ? std::optional(count) : std::nullopt;
}

/// The bit without which nothing is objected to in an item, nor more in others.
std::optional<BitNumber> only_bit_of_item(const BlockProof& proof, const Block& leaf, u32 slot) {
    const auto known = impossible_items(proof, leaf);
    const auto before = proof.problems_of(leaf).value_or(Problems{}).size();
    if (!known.contains(slot)) {
        return std::nullopt; // it was an item before it that was wrong
    }
    return only_bit(leaf, places_of(leaf, slot), [&](const Block& flipped) {
        const auto left = proof.problems_of(flipped);
        return left && left->size() < before && count_of(left, known, slot) == std::size_t{0} &&
               have_telling_types(flipped, leaf) && have_inline_extents_room(proof.geometry(), flipped);
    });
}

} // namespace

std::optional<Block> with_bit_mended(const BlockProof& proof, Block block) {
    const Block& original = block;
    const auto bit = only_bit(block, suspicious_places(proof, block), [&](const Block& flipped) {
        return proof.is_sound(flipped) && keeps_items(flipped, original) && have_telling_types(flipped, original) &&
               have_inline_extents_room(proof.geometry(), flipped);
    });
    if (!bit) {
        return std::nullopt;
    }
    flip(block, *bit);
    return block;
}

std::optional<Block> with_items_mended(const BlockProof& proof, Block leaf) {
    bool has_mended = settle_inline_lengths(leaf);
    for (const u32 slot : impossible_items(proof, leaf)) {
        if (const auto bit = only_bit_of_item(proof, leaf, slot)) {
            flip(leaf, *bit);
            has_mended = true;
        }
    }
    return has_mended ? std::optional(std::move(leaf)) : std::nullopt;
}

} // namespace btrkit::repair
