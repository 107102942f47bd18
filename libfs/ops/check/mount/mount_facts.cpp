// SPDX-License-Identifier: MIT
#include "libfs/ops/check/mount/mount_facts.h"

#include "formats/btrfs/device.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/space/extent_item.h"
#include "libfs/tree/extent_ref.h"
#include "libfs/tree/item_check.h"
#include "libfs/tree/tree_path.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::check {

namespace {

namespace type = btrfs::item_type;

constexpr btrfs::Key top_inode = {btrfs::root_dir_inode, type::inode_item, 0};

template <class Refs>
bool has_ref_of_inode_cache(Refs refs) {
    while (const auto ref = refs.next()) {
        if (ref->type == type::extent_data_ref && ref->objectid == btrfs::free_ino_objectid) {
            return true;
        }
    }
    return false;
}

bool is_referred_by_inode_cache(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    if (key.type == type::extent_data_ref) {
        return has_ref_of_inode_cache(KeyedRefs(key, body));
    }
    const auto extent = key.type == type::extent_item ? parse_extent(key, body, geometry) : std::nullopt;
    return extent && extent->is_data() && has_ref_of_inode_cache(InlineRefs(inline_refs_of(*extent, key, body)));
}

} // namespace

u64 MountFacts::default_tree() {
    if (!default_tree_) {
        constexpr std::string_view name = "default";
        const btrfs::Key key{btrfs::root_tree_dir_id, btrfs::item_type::dir_item,
                             name_hash(std::as_bytes(std::span(name)))};
        Cursor cursor(filesystem_.reader(), filesystem_.root_tree().block);
        const bool there = cursor.seek(key) && cursor.key() == key;
        const auto location = there ? entry_of_name(cursor.data(), name) : std::nullopt;
        default_tree_ = location ? location->objectid : btrfs::fs_tree_id;
    }
    return *default_tree_;
}

bool MountFacts::is_needed(u64 tree, Logical address) {
    if (!is_mounted(tree)) {
        return false;
    }
    auto [known, is_new] = needed_.try_emplace(tree);
    if (is_new) {
        known->second = blocks_to(tree, {top_inode, {btrfs::last_free_objectid, 0xff, ~u64{0}}});
    }
    return known->second.contains(address);
}

bool MountFacts::is_orphan(u64 tree) {
    if (!orphans_) {
        orphans_.emplace();
        Cursor cursor(filesystem_.reader(), filesystem_.root_tree().block);
        bool there = cursor.seek({btrfs::orphan_objectid, btrfs::item_type::orphan_item, 0});
        for (; there && cursor.key().objectid == btrfs::orphan_objectid; there = cursor.next()) {
            orphans_->insert(cursor.key().offset);
        }
    }
    return orphans_->contains(tree);
}

/// The blocks on the way to where these keys stand or would stand, as far as they can be read, and the first on each
/// way that can't.
std::set<Logical> MountFacts::blocks_to(u64 tree, std::initializer_list<btrfs::Key> keys) const {
    std::set<Logical> blocks;
    const auto root = filesystem_.find_tree(tree);
    for (const auto& key : keys) {
        std::optional<Promise> promise = root ? std::optional(root->block) : std::nullopt;
        while (promise) {
            blocks.insert(promise->address);
            const OwnedBlock block(filesystem_.reader(), *promise);
            promise.reset();
            if (block.is_proven() && !block.block().is_leaf()) {
                promise = child_promise(block.block(), child_slot(block.block(), key), {});
            }
        }
    }
    return blocks;
}

std::string MountFacts::why_unmountable(u64 tree) const {
    const auto root = filesystem_.find_tree(tree);
    if (!root) {
        return {};
    }
    const OwnedBlock block(filesystem_.reader(), root->block);
    if (!block.is_proven()) {
        return {};
    }
    // Snapshots share what is below their root, but not the root.
    if (block.block().header().owner != tree) {
        return "has a root that another tree owns";
    }
    Cursor cursor(filesystem_.reader(), root->block);
    const bool there = cursor.seek(top_inode) && cursor.key() == top_inode;
    return there || cursor.missed_items() ? "" : "has no inode for its top directory";
}

bool MountFacts::has_wrong_checksum_only(u64 tree, Logical address) const {
    const auto& geometry = filesystem_.geometry();
    const auto* chunk = filesystem_.volume().chunks().find(address);
    std::vector<std::byte> bytes(geometry.nodesize);
    for (unsigned mirror = 1; chunk != nullptr && mirror <= mirror_count(*chunk); ++mirror) {
        if (!filesystem_.volume().read(address, bytes, mirror)) {
            continue;
        }
        const auto csum = checksum(geometry.csum_type, Bytes(bytes).subspan(btrfs::max_csum_size));
        std::memcpy(bytes.data(), csum.data(), csum.size());
        Problems problems;
        const auto block = TreeBlock::prove(bytes, geometry, {.address = address, .tree = tree}, problems);
        if (block) {
            check_items(*block, geometry, tree, problems);
            if (std::ranges::none_of(problems, spoils_leaf, &Problem::code)) {
                return true;
            }
        }
    }
    return false;
}

bool MountFacts::has_backup_root(std::optional<Logical> lost) const {
    const btrfs::Key last{btrfs::last_free_objectid, 0xff, ~u64{0}};
    if (lost && !blocks_to(btrfs::root_tree_id, {last}).contains(*lost)) {
        return false;
    }
    const auto& backups = filesystem_.super().backup_roots;
    // The newest is the root that could not be read: kernels begin with the one before.
    const auto newest = std::ranges::find(backups, u64{filesystem_.super().generation},
                                          [](const auto& backup) { return u64{backup.tree_root_gen}; });
    if (newest == backups.end()) {
        return false;
    }
    for (std::size_t before = 1; before < backups.size(); ++before) {
        const auto index =
            (static_cast<std::size_t>(newest - backups.begin()) + backups.size() - before) % backups.size();
        const Promise root{.address = Logical{backups[index].tree_root},
                           .generation = u64{backups[index].tree_root_gen},
                           .level = backups[index].tree_root_level,
                           .tree = btrfs::root_tree_id};
        if (OwnedBlock(filesystem_.reader(), root).is_proven()) {
            return has_top_level_tree(root);
        }
    }
    return false;
}

bool MountFacts::has_top_level_tree(const Promise& root_tree) const {
    Cursor cursor(filesystem_.reader(), root_tree);
    bool has_top = false;
    for (bool there = cursor.seek(btrfs::Key::min()); there && !has_top; there = cursor.next()) {
        const auto root = cursor.key().type == btrfs::item_type::root_item && cursor.key().objectid == btrfs::fs_tree_id
                              ? parse_root_item(cursor.key(), cursor.data())
                              : std::nullopt;
        has_top = root && OwnedBlock(filesystem_.reader(), root->block).is_proven();
    }
    return has_top && !cursor.missed_items();
}

bool MountFacts::has_extents_between_zones() const {
    const auto tree = filesystem_.find_tree(btrfs::dev_tree_id);
    if (!tree) {
        return false;
    }
    Cursor cursor(filesystem_.reader(), tree->block);
    u64 zone_bytes = 0;
    bool there = cursor.seek({1, btrfs::item_type::dev_extent, 0});
    for (; there && cursor.key().type == btrfs::item_type::dev_extent; there = cursor.next()) {
        const auto* extent = view_at<btrfs::DevExtent>(cursor.data());
        const u64 length = extent != nullptr ? u64{extent->length} : 0;
        zone_bytes = zone_bytes == 0 ? length : zone_bytes;
        if (zone_bytes == 0 || cursor.key().offset % zone_bytes != 0 || length % zone_bytes != 0) {
            return true;
        }
    }
    return false;
}

bool MountFacts::reads_refs_of_inode_cache() const {
    const auto tree = filesystem_.find_tree(btrfs::extent_tree_id);
    if (!tree) {
        return false;
    }
    Cursor cursor(filesystem_.reader(), tree->block);
    bool is_read = false;
    bool has_ref = false;
    for (bool there = cursor.seek(btrfs::Key::min()); there && !(is_read && has_ref); there = cursor.next()) {
        if (cursor.slot() == 0) {
            is_read = Logical{cursor.leaf().header().bytenr} == tree->block.address;
            has_ref = false;
        }
        is_read = is_read || cursor.key().type == type::block_group_item;
        has_ref = has_ref || is_referred_by_inode_cache(cursor.key(), cursor.data(), filesystem_.geometry());
    }
    return is_read && has_ref;
}

bool spoils_leaf(ProblemCode code) {
    return code == ProblemCode::block_not_written ||
           (code >= ProblemCode::item_size && code <= ProblemCode::item_raid_stripe &&
            code != ProblemCode::item_dev_extent_overlap && code != ProblemCode::item_csum_overlap &&
            code != ProblemCode::item_file_extent_overlap);
}

} // namespace btrkit::check
