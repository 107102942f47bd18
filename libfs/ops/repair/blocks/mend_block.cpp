// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/mend_block.h"

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/repair/blocks/one_bit.h"
#include "libfs/tree/item_check.h"

#include <cstring>
#include <set>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

using Block = std::vector<std::byte>;

/// More that can't be than that, and it is not bits that were flipped.
constexpr std::size_t most_items = 8;

btrfs::TreeBlockHeader& header_of(Block& block) {
    return *reinterpret_cast<btrfs::TreeBlockHeader*>(block.data());
}

std::span<btrfs::ItemHeader> items_of(Block& block) {
    auto* first = reinterpret_cast<btrfs::ItemHeader*>(block.data() + sizeof(btrfs::TreeBlockHeader));
    return {first, BlockView(block).count()};
}

btrfs::CsumBytes checksum_of(const Geometry& geometry, Bytes block) {
    return checksum(geometry.csum_type, block.subspan(btrfs::max_csum_size));
}

/// Makes one value what it must be, and remembers that it was another.
class HeaderMender {
public:
    explicit HeaderMender(Block& block) : header_(header_of(block)) {}

    template <class Field, class Value>
    void must_be(Field& field, const Value& value, std::string_view name) {
        if (Field wanted{value}; wanted != field) {
            field = wanted;
            name_ = name;
            ++count_;
        }
    }
    btrfs::TreeBlockHeader& header() { return header_; }
    /// How many were others.
    unsigned count() const { return count_; }
    std::string_view name() const { return name_; }

private:
    btrfs::TreeBlockHeader& header_;
    unsigned count_ = 0;
    std::string_view name_;
};

class BlockMender {
public:
    BlockMender(const Filesystem& filesystem, const Promise& promise, std::optional<u64> owner)
        : filesystem_(filesystem), geometry_(filesystem.geometry()), promise_(promise), owner_(owner) {}

    std::optional<MendedBlock> mend() const {
        const auto copies = readable_copies();
        if (promise_.tree == btrfs::chunk_tree_id) {
            for (const auto& copy : copies) {
                if (auto mended = has_right_checksum(geometry_, copy) ? mend_chunk_key(copy) : std::nullopt) {
                    return mended;
                }
            }
        }
        const auto sound = std::ranges::find_if(
            copies, [this](const Block& copy) { return has_right_checksum(geometry_, copy) && is_sound(copy); });
        if (sound != copies.end()) {
            const bool are_alike = std::ranges::all_of(copies, [&](const Block& copy) { return copy == *sound; });
            return are_alike ? std::nullopt : std::optional(made(*sound, "a copy"));
        }
        for (const auto& copy : copies) {
            auto mended = has_right_checksum(geometry_, copy) ? mend_copy(copy) : mend_rot(copy);
            if (mended) {
                return mended;
            }
        }
        return std::nullopt;
    }

private:
    std::vector<Block> readable_copies() const {
        std::vector<Block> copies;
        for (unsigned mirror = 1; mirror <= filesystem_.volume().mirror_count(promise_.address); ++mirror) {
            Block block(geometry_.nodesize);
            if (filesystem_.volume().read(promise_.address, block, mirror)) {
                copies.push_back(std::move(block));
            }
        }
        return copies;
    }

    /// A bit has changed after it was written.
    std::optional<MendedBlock> mend_rot(Block block) const {
        const auto bit = bit_against_checksum(geometry_, block);
        if (!bit) {
            return std::nullopt;
        }
        flip(block, *bit);
        return is_sound(block) ? std::optional(made(std::move(block), "one bit, which had changed")) : std::nullopt;
    }

    std::optional<MendedBlock> mend_copy(const Block& copy) const {
        Block block = copy;
        if (const auto name = mend_header(block)) {
            if (is_sound(block)) {
                return name->empty() ? std::nullopt : std::optional(made(std::move(block), *name));
            }
            if (header_of(block).level == 0) {
                if (auto mended = mend_places(block)) {
                    return mended;
                }
                if (auto mended = is_well_formed(block) ? std::nullopt : mend_hash(block)) {
                    return mended;
                }
            }
        }
        return mend_bit(copy);
    }

    /// The key of a directory entry or an extended attribute has the hash of its name: one of them has not, and that
    /// breaks the order of keys. (Where it does not, the name may be what is wrong.)
    std::optional<MendedBlock> mend_hash(Block block) const {
        const BlockView view(block);
        std::optional<u32> wrong;
        u64 hash = 0;
        for (u32 slot = 0; slot < view.count(); ++slot) {
            const auto key = view.key(slot);
            const bool has_hash = key.type == type::dir_item || key.type == type::xattr_item;
            const auto* entry = has_hash ? view_at<btrfs::DirItem>(view.item_data(slot)) : nullptr;
            if (entry == nullptr) {
                continue;
            }
            const Bytes name = clipped(view.item_data(slot), sizeof(btrfs::DirItem), entry->name_len);
            if (name_hash(name) != key.offset) {
                if (wrong) {
                    return std::nullopt;
                }
                wrong = slot;
                hash = name_hash(name);
            }
        }
        if (!wrong) {
            return std::nullopt;
        }
        items_of(block)[*wrong].key.offset = hash;
        return is_sound(block) ? std::optional(made(std::move(block), "the hash of a name")) : std::nullopt;
    }

    /// Chunks and devices have keys that follow from what the items are. One of them has another.
    std::optional<MendedBlock> mend_chunk_key(Block block) const {
        const BlockView view(block);
        unsigned count = 0;
        for (u32 slot = 0; view.is_leaf() && slot < view.count(); ++slot) {
            auto key = view.key(slot);
            if (key.type == type::chunk_item) {
                key.objectid = btrfs::first_chunk_tree_objectid;
            } else if (const auto* device = view_at<btrfs::DevItem>(view.item_data(slot));
                       key.type == type::dev_item && device != nullptr) {
                key.objectid = btrfs::dev_items_objectid;
                key.offset = device->devid;
            }
            if (key != view.key(slot)) {
                auto& stored = items_of(block)[slot].key;
                stored.objectid = key.objectid;
                stored.offset = key.offset;
                ++count;
            }
        }
        return count == 1 && is_sound(block) ? std::optional(made(std::move(block), "the key of an item"))
                                             : std::nullopt;
    }

    std::optional<MendedBlock> mend_bit(Block block) const {
        if (BlockView(block).is_leaf() && is_well_formed(block)) {
            return mend_items(std::move(block));
        }
        const auto is_right = [&](const Block& flipped) {
            return is_sound(flipped) && keeps_items(flipped, block) && have_telling_types(flipped, block) &&
                   have_inline_extents_room(flipped);
        };
        const auto bit = only_bit(block, {what_tells_of_items(block)}, is_right);
        if (!bit) {
            return std::nullopt;
        }
        flip(block, *bit);
        return made(std::move(block), "one bit");
    }

    /// Whether an inode of this leaf says that it holds as many bytes.
    static bool has_inode_of(const BlockView& leaf, u64 inode, u64 nbytes) {
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
    static bool settle_inline_lengths(Block& block) {
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
                const_cast<btrfs::FileExtentHead*>(head)->ram_bytes = stored;
                has_changed = true;
            }
        }
        return has_changed;
    }

    /// One bit of each item that can't be, as far as that is told by the item alone. Others stay as they are.
    std::optional<MendedBlock> mend_items(Block block) const {
        bool has_mended = settle_inline_lengths(block);
        for (const u32 slot : impossible_items(block)) {
            const auto before = problems_of(block);
            const auto others =
                std::ranges::count_if(*before, [&](const Problem& problem) { return problem.place.slot != slot; });
            const auto is_right = [&](const Block& flipped) {
                const auto left = problems_of(flipped);
                return left && std::ssize(*left) == others &&
                       std::ranges::none_of(*left,
                                            [&](const Problem& problem) { return problem.place.slot == slot; }) &&
                       have_telling_types(flipped, block) && have_inline_extents_room(flipped);
            };
            if (const auto bit = only_bit(block, places_of(block, slot), is_right)) {
                flip(block, *bit);
                has_mended = true;
            }
        }
        return has_mended ? std::optional(made(std::move(block), "one bit of an item")) : std::nullopt;
    }

    /// What is objected to in its items; nothing: it is no block with items.
    std::optional<Problems> problems_of(const Block& block) const {
        const auto whole = sealed(geometry_, promise_.address, block, {});
        Problems problems;
        const auto proven = TreeBlock::prove(whole.bytes, geometry_, promise_, problems);
        if (!proven) {
            return std::nullopt;
        }
        check_items(*proven, geometry_, *promise_.tree, problems);
        return problems;
    }

    std::set<u32> impossible_items(const Block& block) const {
        std::set<u32> slots;
        for (const auto& problem : problems_of(block).value_or(Problems{})) {
            if (problem.place.slot && slots.size() < most_items) {
                slots.insert(*problem.place.slot);
            }
        }
        return slots;
    }

    /// With fewer items any block would be sound that is sound up to there. They were never there if what tells of them
    /// tells nothing.
    static bool keeps_items(const Block& block, const Block& before) {
        const BlockView view(block);
        const std::size_t entry_bytes = view.is_leaf() ? sizeof(btrfs::ItemHeader) : sizeof(btrfs::KeyPointer);
        const auto entries = Bytes(block).subspan(sizeof(btrfs::TreeBlockHeader));
        const auto lost =
            clipped(entries, view.count() * entry_bytes,
                    (BlockView(before).count() - std::min(view.count(), BlockView(before).count())) * entry_bytes);
        return std::ranges::all_of(lost, [](std::byte byte) { return byte == std::byte{0}; });
    }

    /// Nothing is objected to in an item of an unknown type, nor in one that may hold anything: that proves nothing.
    static bool have_telling_types(const Block& block, const Block& before) {
        const BlockView view(block);
        const BlockView was(before);
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
    bool have_inline_extents_room(const Block& block) const {
        const BlockView view(block);
        for (u32 slot = 0; view.is_leaf() && slot < view.count(); ++slot) {
            const auto body = view.item_data(slot);
            const auto* head =
                view.key(slot).type == type::extent_data ? view_at<btrfs::FileExtentHead>(body) : nullptr;
            if (head != nullptr && head->type == static_cast<u8>(btrfs::FileExtentType::inline_data) &&
                !fits_inline(*head, body.size() - sizeof(*head), geometry_.sectorsize)) {
                return false;
            }
        }
        return true;
    }

    /// All that tells of items, and the header.
    static BytePlace what_tells_of_items(const Block& block) {
        const BlockView view(block);
        const std::size_t entry_bytes = view.is_leaf() ? sizeof(btrfs::ItemHeader) : sizeof(btrfs::KeyPointer);
        return {btrfs::max_csum_size, sizeof(btrfs::TreeBlockHeader) + view.count() * entry_bytes};
    }

    /// What tells of an item, and the item.
    static std::vector<BytePlace> places_of(const Block& block, u32 slot) {
        constexpr std::size_t header_bytes = sizeof(btrfs::TreeBlockHeader);
        const std::size_t entry = header_bytes + slot * sizeof(btrfs::ItemHeader);
        const auto& item = BlockView(block).item(slot);
        return {{entry, entry + sizeof(btrfs::ItemHeader)},
                {header_bytes + item.offset, header_bytes + item.offset + item.size}};
    }

    /// The name of the one field that was wrong, empty where none was; nothing where it were several.
    std::optional<std::string> mend_header(Block& block) const {
        HeaderMender mender(block);
        auto& header = mender.header();
        mender.must_be(header.bytenr, promise_.address.bytenr, "its address");
        if (!geometry_.owns_fsid(header.fsid)) {
            mender.must_be(header.fsid, geometry_.tree_fsid, "its filesystem id");
        }
        mender.must_be(header.flags, possible_flags(header.flags, geometry_), "its flags");
        if (promise_.level) {
            mender.must_be(header.level, *promise_.level, "its level");
        }
        if (promise_.generation && header.generation != *promise_.generation) {
            if (header.generation <= geometry_.generation) {
                return std::nullopt; // another version of the block
            }
            mender.must_be(header.generation, *promise_.generation, "its generation");
        }
        if (broken_parts({.address = promise_.address, .tree = promise_.tree}, facts_of(BlockView(block))).owner) {
            mender.must_be(header.owner, owner_.value_or(*promise_.tree), "its owner");
        }
        return mender.count() > 1 ? std::nullopt : std::optional(std::string(mender.name()));
    }

    std::optional<MendedBlock> mend_places(const Block& block) const {
        std::optional<MendedBlock> found;
        for (const auto& [way, what] : {std::pair(&BlockMender::by_sizes, "the place of an item"),
                                        std::pair(&BlockMender::size_by_places, "the size of an item"),
                                        std::pair(&BlockMender::by_places, "the places of items")}) {
            auto candidate = (this->*way)(block);
            if (!candidate || !is_sound(*candidate)) {
                continue;
            }
            if (found && found->bytes != sealed(geometry_, promise_.address, *candidate, {}).bytes) {
                return std::nullopt;
            }
            found = made(std::move(*candidate), what);
        }
        return found;
    }

    /// Each item's data ends where that of the one before it begins.
    std::optional<Block> by_sizes(const Block& block) const {
        Block candidate = block;
        u64 end = btrfs::leaf_data_size(geometry_.nodesize);
        for (auto& item : items_of(candidate)) {
            if (item.size > end) {
                return std::nullopt;
            }
            end -= item.size;
            item.offset = static_cast<u32>(end);
        }
        return candidate;
    }

    /// One item is not as long as its place.
    std::optional<Block> size_by_places(const Block& block) const {
        Block candidate = block;
        u64 end = btrfs::leaf_data_size(geometry_.nodesize);
        unsigned count = 0;
        for (auto& item : items_of(candidate)) {
            if (item.offset > end) {
                return std::nullopt;
            }
            count += item.size != end - item.offset ? 1 : 0;
            item.size = static_cast<u32>(end - item.offset);
            end = item.offset;
        }
        return count == 1 ? std::optional(std::move(candidate)) : std::nullopt;
    }

    /// The data is where the items say, only not side by side.
    std::optional<Block> by_places(const Block& block) const {
        auto candidate = by_sizes(block);
        if (!candidate) {
            return std::nullopt;
        }
        u64 end = btrfs::leaf_data_size(geometry_.nodesize);
        const BlockView was(block);
        for (u32 slot = 0; slot < was.count(); ++slot) {
            const auto& item = was.item(slot);
            if (u64{item.offset} + item.size > end) {
                return std::nullopt;
            }
            end = item.offset;
            const auto& place = BlockView(*candidate).item(slot);
            std::ranges::copy(was.item_data(slot),
                              candidate->begin() +
                                  static_cast<std::ptrdiff_t>(sizeof(btrfs::TreeBlockHeader) + place.offset));
        }
        return candidate;
    }

    bool is_well_formed(const Block& block) const {
        Problems problems;
        return TreeBlock::prove(sealed(geometry_, promise_.address, block, {}).bytes, geometry_, promise_, problems)
            .has_value();
    }

    /// It is what was promised, and so are its items.
    bool is_sound(const Block& block) const {
        const auto problems = problems_of(block);
        const u64 flags = BlockView(block).header().flags;
        return problems && problems->empty() && flags == possible_flags(flags, geometry_);
    }

    MendedBlock made(Block block, std::string what) const {
        return sealed(geometry_, promise_.address, std::move(block), std::move(what));
    }

    const Filesystem& filesystem_;
    const Geometry& geometry_;
    const Promise& promise_;
    std::optional<u64> owner_;
};

} // namespace

std::optional<MendedBlock> mend_block(const Filesystem& filesystem, const Promise& promise, std::optional<u64> owner) {
    return promise.tree ? BlockMender(filesystem, promise, owner).mend() : std::nullopt;
}

bool has_right_checksum(const Geometry& geometry, Bytes block) {
    return checksum_matches(geometry.csum_type, block.subspan(btrfs::max_csum_size), BlockView(block).header().csum);
}

u64 possible_flags(u64 flags, const Geometry& geometry) {
    const u64 revision = geometry.has_incompat(btrfs::incompat_mixed_backref)
                             ? btrfs::flag_bit(btrfs::header_backref_revision_shift)
                             : flags & ~btrfs::header_flags_mask;
    return (flags & btrfs::header_flag_reloc) | btrfs::header_flag_written | revision;
}

MendedBlock sealed(const Geometry& geometry, Logical address, std::vector<std::byte> bytes, std::string what) {
    const auto csum = checksum_of(geometry, bytes);
    std::memcpy(bytes.data(), csum.data(), csum.size());
    return {.address = address, .bytes = std::move(bytes), .what = std::move(what)};
}

} // namespace btrkit::repair
