// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/mend_block.h"

#include "libfs/ops/repair/blocks/item_places.h"
#include "libfs/ops/repair/blocks/mend_bits.h"
#include "libfs/ops/repair/blocks/one_bit.h"
#include "libfs/ops/repair/blocks/telling_keys.h"

namespace btrkit::repair {

namespace {

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
        : filesystem_(filesystem), geometry_(filesystem.geometry()), promise_(promise), proof_(geometry_, promise),
          owner_(owner) {}

    std::optional<MendedBlock> mend() const {
        const auto copies = readable_copies();
        if (promise_.tree == btrfs::chunk_tree_id) {
            for (const auto& copy : copies) {
                auto mended = has_right_checksum(geometry_, copy) && BlockView(copy).is_leaf()
                                  ? if_sound(with_right_chunk_key(copy, filesystem_.volume()), "the key of an item")
                                  : std::nullopt;
                if (mended) {
                    return mended;
                }
            }
        }
        const auto sound = std::ranges::find_if(
            copies, [this](const Block& copy) { return has_right_checksum(geometry_, copy) && proof_.is_sound(copy); });
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
        return if_sound(std::move(block), "one bit, which had changed");
    }

    std::optional<MendedBlock> mend_copy(const Block& copy) const {
        Block block = copy;
        if (const auto name = mend_header(block)) {
            if (proof_.is_sound(block)) {
                return name->empty() ? std::nullopt : std::optional(made(std::move(block), *name));
            }
            if (header_of(block).level == 0) {
                if (auto mended = mend_places(block)) {
                    return mended;
                }
                if (!proof_.is_well_formed(block)) {
                    if (auto mended = if_sound(with_right_hash(block), "the hash of a name")) {
                        return mended;
                    }
                }
            }
        }
        return mend_bit(copy);
    }

    /// Only where it is what was promised by that.
    std::optional<MendedBlock> if_sound(std::optional<Block> block, std::string_view what) const {
        return block && proof_.is_sound(*block) ? std::optional(made(std::move(*block), std::string(what)))
                                                : std::nullopt;
    }

    std::optional<MendedBlock> mend_bit(const Block& copy) const {
        const bool has_items = BlockView(copy).is_leaf() && proof_.is_well_formed(copy);
        if (has_items && is_derived_tree(*promise_.tree)) {
            return std::nullopt; // it is made anew, and needs no such guess
        }
        auto block = has_items ? with_items_mended(proof_, copy) : with_bit_mended(proof_, copy);
        return block ? std::optional(made(std::move(*block), "one bit")) : std::nullopt;
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
        for (auto& [leaf, what] : with_items_in_place(geometry_, block)) {
            auto mended = if_sound(std::move(leaf), what);
            if (mended && found && found->bytes != mended->bytes) {
                return std::nullopt;
            }
            if (mended) {
                found = std::move(mended);
            }
        }
        return found;
    }

    MendedBlock made(Block block, std::string what) const {
        return sealed(geometry_, promise_.address, std::move(block), std::move(what));
    }

    const Filesystem& filesystem_;
    const Geometry& geometry_;
    const Promise& promise_;
    BlockProof proof_;
    std::optional<u64> owner_;
};

} // namespace

std::optional<MendedBlock> mend_block(const Filesystem& filesystem, const Promise& promise, std::optional<u64> owner) {
    return promise.tree ? BlockMender(filesystem, promise, owner).mend() : std::nullopt;
}

MendedBlock sealed(const Geometry& geometry, Logical address, std::vector<std::byte> bytes, std::string what) {
    seal(geometry, bytes);
    return {.address = address, .bytes = std::move(bytes), .what = std::move(what)};
}

} // namespace btrkit::repair
