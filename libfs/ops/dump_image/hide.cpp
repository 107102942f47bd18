// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/hide.h"

#include "libfs/base/checksum.h"
#include "libfs/ops/dump_image/hide_items.h"
#include "libfs/tree/block_view.h"

#include <vector>

namespace btrkit::dump_image {

namespace {

bool has_right_checksum(Bytes block, const Geometry& geometry) {
    return checksum_matches(geometry.csum_type, block.subspan(btrfs::max_csum_size), BlockView(block).header().csum);
}

/// A checksum at the front of bytes, made right behind a change of these, or as wrong as it was before.
class KeptChecksum {
public:
    KeptChecksum(Bytes before, btrfs::CsumType type, std::size_t size_bytes)
        : type_(type), size_bytes_(size_bytes), error_(checksum(type, before.subspan(btrfs::max_csum_size))) {
        for (std::size_t i = 0; i < size_bytes_; ++i) {
            error_[i] ^= static_cast<u8>(before[i]);
        }
    }
    void put(MutableBytes after) const {
        const auto right = checksum(type_, after.subspan(btrfs::max_csum_size));
        for (std::size_t i = 0; i < size_bytes_; ++i) {
            after[i] = static_cast<std::byte>(right[i] ^ error_[i]);
        }
    }

private:
    btrfs::CsumType type_;
    std::size_t size_bytes_;
    btrfs::CsumBytes error_; ///< what the stored one differs by; zero where it is right
};

/// Copies the pointers. Of a block that is no proven node, as long as they look like some: it may be a leaf.
void keep_pointers(const BlockView& from, MutableBytes to, const Geometry& geometry, bool is_sound) {
    for (u32 slot = 0; slot < from.count(); ++slot) {
        const bool is_likely = is_aligned(from.pointer(slot).blockptr, geometry.sectorsize) &&
                               (slot == 0 || from.key(slot - 1) < from.key(slot));
        if (!is_sound && !is_likely) {
            return;
        }
        const std::size_t at = sizeof(btrfs::TreeBlockHeader) + slot * sizeof(btrfs::KeyPointer);
        std::ranges::copy(from.bytes().subspan(at, sizeof(btrfs::KeyPointer)),
                          to.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

MutableBytes body_in(MutableBytes leaf, const BlockView& view, u32 slot) {
    const std::size_t at = sizeof(btrfs::TreeBlockHeader) + std::size_t{view.item(slot).offset};
    const auto size = view.item_data(slot).size();
    return size == 0 ? MutableBytes() : leaf.subspan(at, size);
}

/// Items may overlap in a damaged leaf: all are there before anything is hidden, so what one hides no other shows.
void keep_items(const BlockView& from, MutableBytes to, Privacy privacy, bool is_sound) {
    const std::size_t headers = std::size_t{from.count()} * sizeof(btrfs::ItemHeader);
    const std::size_t begin = sizeof(btrfs::TreeBlockHeader);
    for (u32 slot = 0; slot < from.count(); ++slot) {
        std::ranges::copy(from.item_data(slot), body_in(to, from, slot).begin());
    }
    for (u32 slot = 0; slot < from.count(); ++slot) {
        hide_in_item({.key = from.key(slot), .owner = from.header().owner, .is_sound = is_sound},
                     body_in(to, from, slot), privacy);
    }
    std::ranges::copy(from.bytes().subspan(begin, headers), to.begin() + begin);
}

} // namespace

bool is_recognizable(Bytes block, u64 address, const Geometry& geometry) {
    const auto& header = BlockView(block).header();
    return header.bytenr == address || geometry.owns_fsid(header.fsid) || has_right_checksum(block, geometry);
}

bool is_sound(Bytes block, u64 address, const Geometry& geometry) {
    return BlockView(block).header().bytenr == address && has_right_checksum(block, geometry);
}

void hide_in_block(MutableBytes block, u64 address, const Geometry& geometry, Privacy privacy) {
    if (privacy == Privacy::nothing) {
        return;
    }
    const std::vector<std::byte> before(block.begin(), block.end());
    const BlockView view(before);
    const bool sound = is_sound(before, address, geometry);
    const KeptChecksum kept(before, geometry.csum_type, geometry.csum_size_bytes);
    std::ranges::fill(block.subspan(sizeof(btrfs::TreeBlockHeader)), std::byte{0});
    view.is_leaf() ? keep_items(view, block, privacy, sound) : keep_pointers(view, block, geometry, sound);
    kept.put(block);
}

void hide_foreign(MutableBytes bytes, Privacy privacy) {
    const bool is_zero = std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
    if (privacy != Privacy::nothing && !is_zero) {
        std::ranges::fill(bytes, left_out);
    }
}

void hide_in_superblock(btrfs::Superblock& super, Privacy privacy) {
    if (privacy != Privacy::names) {
        return;
    }
    const auto* type = btrfs::find_csum_type(super.csum_type);
    const auto bytes = std::as_writable_bytes(std::span(&super, 1));
    const KeptChecksum kept(bytes, type == nullptr ? btrfs::CsumType::crc32c : type->type,
                            type == nullptr ? 0 : type->size_bytes);
    const auto end = std::ranges::find(super.label, '\0');
    std::fill(super.label.begin(), end, static_cast<char>(left_out));
    std::fill(end, super.label.end(), '\0');
    kept.put(bytes);
}

} // namespace btrkit::dump_image
