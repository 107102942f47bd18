// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/salvage_leaf.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/space/extent_lookup.h"
#include "libfs/tree/item_check.h"

#include <map>

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

constexpr std::size_t witness_cache_bytes = std::size_t{1} << 20;

using Items = std::map<btrfs::Key, std::vector<std::byte>>;

/// Whether a file's extent is there.
class ExtentWitness {
public:
    /// leaf: the address of the lost one.
    ExtentWitness(const Filesystem& filesystem, Logical leaf)
        : geometry_(&filesystem.geometry()), leaf_(leaf), cache_(filesystem.reader(), witness_cache_bytes) {
        if (const auto tree = filesystem.find_tree(btrfs::extent_tree_id)) {
            extents_.emplace(cache_, tree->block);
        }
    }

    /// Other items than those of extents are not asked for.
    bool confirms(const btrfs::Key& key, Bytes body) {
        const auto stored = key.type == btrfs::item_type::extent_data ? stored_extent(body) : std::nullopt;
        if (!stored) {
            return true;
        }
        const auto found = extents_ ? find_extent(*extents_, stored->range.disk_bytenr, *geometry_)
                                    : Result<FoundExtent>(fail(ErrorKind::damaged, "the extent tree can't be read"));
        if (!found || !found->record.is_data() || found->record.length_bytes != stored->range.disk_num_bytes) {
            return false;
        }
        // A balance has given it a new generation, and left that of the file's item.
        return found->record.generation == stored->head.generation ||
               std::ranges::any_of(found->record.refs,
                                   [&](const ExtentRef& ref) { return is_of(ref, key, stored->range.offset); });
    }

private:
    bool is_of(const ExtentRef& ref, const btrfs::Key& key, u64 offset_in_extent) const {
        return ref.type == btrfs::item_type::shared_data_ref
                   ? ref.parent == leaf_.bytenr
                   : ref.type == btrfs::item_type::extent_data_ref && ref.objectid == key.objectid &&
                         ref.offset == key.offset - offset_in_extent;
    }

    const Geometry* geometry_;
    Logical leaf_;
    BlockCache cache_;
    std::optional<TreeSearch> extents_;
};

class LeafSalvage {
public:
    LeafSalvage(const Filesystem& filesystem, const BlockMaker& maker, const LostBlock& lost)
        : filesystem_(&filesystem), maker_(&maker), lost_(&lost), promise_(lost.promise),
          witness_(filesystem, lost.promise.address) {
        promise_.first_key.reset();
    }

    bool has_items() const { return !items_.empty(); }

    void take_copies() {
        for (unsigned mirror = 1; mirror <= filesystem_->volume().mirror_count(promise_.address); ++mirror) {
            take(promise_.address, mirror);
        }
    }
    /// What is in it where nothing was so far: that it lacks others between its own says that they are gone.
    void take_older(Logical address) {
        LeafSalvage older(*filesystem_, *maker_, *lost_);
        older.take(address, 1);
        if (!older.has_items()) {
            return;
        }
        const auto behind = items_.lower_bound(older.items_.begin()->first);
        if (behind == items_.end() || older.items_.rbegin()->first < behind->first) {
            items_.merge(older.items_);
        }
    }

    /// As many as fit; what can't be goes.
    std::optional<MendedBlock> finish() {
        for (;;) {
            OpenBlock leaf(filesystem_->geometry().nodesize);
            for (const auto& [key, body] : items_) {
                if (leaf.has_room_for_item(body.size())) {
                    leaf.add_item(key, body);
                }
            }
            LostBlock other = *lost_;
            other.promise = promise_;
            auto made =
                leaf.is_empty() ? std::nullopt : maker_->make(other, leaf, "a leaf, of which these items are left");
            if (!made || !drop_impossible(made->bytes)) {
                return made;
            }
        }
    }

private:
    void take(Logical address, unsigned mirror) {
        std::vector<std::byte> bytes(filesystem_->geometry().nodesize);
        if (filesystem_->volume().read(address, bytes, mirror) && is_of_tree(BlockView(bytes))) {
            take_items(BlockView(bytes));
        }
    }

    /// Whatever else is wrong with it.
    bool is_of_tree(const BlockView& block) const {
        const auto& header = block.header();
        const auto& geometry = filesystem_->geometry();
        return geometry.owns_fsid(header.fsid) && header.level == 0 && owner_allowed(header.owner, *promise_.tree) &&
               header.generation <= *promise_.generation;
    }

    void take_items(const BlockView& block) {
        u64 data_end = btrfs::leaf_data_size(block.nodesize());
        const u64 first_data = u64{block.count()} * sizeof(btrfs::ItemHeader);
        std::optional<btrfs::Key> before;
        for (u32 slot = 0; slot < block.count(); ++slot) {
            const auto& item = block.item(slot);
            const auto key = block.key(slot);
            const bool has_place =
                item.offset >= first_data && u64{item.offset} + item.size <= data_end && (!before || *before < key);
            if (!has_place || !is_in_range(key)) {
                continue;
            }
            before = key;
            data_end = item.offset;
            const Bytes body = block.item_data(slot);
            if (!items_.contains(key) && witness_.confirms(key, body)) {
                items_.emplace(key, std::vector<std::byte>(body.begin(), body.end()));
            }
        }
    }

    bool is_in_range(const btrfs::Key& key) const {
        const auto& first = lost_->promise.first_key;
        return (!first || *first <= key) && (!promise_.end || key < *promise_.end);
    }

    /// An item whose inode item is lost is kept: one can be made for it. Whether any was dropped.
    bool drop_impossible(Bytes bytes) {
        Problems problems;
        const auto leaf = TreeBlock::prove(bytes, filesystem_->geometry(), promise_, problems);
        if (leaf) {
            check_items(*leaf, filesystem_->geometry(), *promise_.tree, problems);
        }
        bool has_dropped = false;
        for (const auto& problem : problems) {
            if (problem.place.slot && problem.code != ProblemCode::item_orphaned) {
                has_dropped |= items_.erase(leaf->key(*problem.place.slot)) > 0;
            }
        }
        return has_dropped;
    }

    const Filesystem* filesystem_;
    const BlockMaker* maker_;
    const LostBlock* lost_;
    Promise promise_; ///< without its first key
    ExtentWitness witness_;
    Items items_;
};

} // namespace

std::optional<MendedBlock> salvage_leaf(const Filesystem& filesystem, const BlockMaker& maker, const LostBlock& lost,
                                        std::span<const Logical> older) {
    LeafSalvage salvage(filesystem, maker, lost);
    salvage.take_copies();
    if (!salvage.has_items()) {
        for (const auto& address : older) {
            salvage.take_older(address);
        }
    }
    return salvage.finish();
}

} // namespace btrkit::repair
