// SPDX-License-Identifier: MIT
#include "libfs/ops/check/roots/root_tree.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/check/tree_scan.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::check {

namespace {

namespace type = btrfs::item_type;

constexpr std::string_view default_entry_name = "default";

/// Trees that the root tree names besides subvolumes and relocation trees.
bool is_named_tree(u64 id) {
    switch (id) {
    case btrfs::extent_tree_id:
    case btrfs::dev_tree_id:
    case btrfs::csum_tree_id:
    case btrfs::quota_tree_id:
    case btrfs::uuid_tree_id:
    case btrfs::free_space_tree_id:
    case btrfs::block_group_tree_id:
    case btrfs::raid_stripe_tree_id:
    case btrfs::data_reloc_tree_id:
    case btrfs::tree_reloc_id: return true;
    default: return is_subvolume(id);
    }
}

bool is_user_number(u64 objectid) {
    return objectid >= btrfs::first_free_objectid && objectid <= btrfs::last_free_objectid;
}

/// Whether the root tree can hold such an item. Its inodes are its directory and the old free space caches; and it
/// keeps, under a number that is none of an inode, the name of the top-level tree in that directory.
bool belongs(const btrfs::Key& key) {
    switch (key.type) {
    case type::root_item: return is_named_tree(key.objectid);
    case type::root_ref:
    case type::root_backref: return is_subvolume(key.objectid) && is_subvolume(key.offset);
    case type::orphan_item: return key.objectid == btrfs::orphan_objectid;
    case type::inode_item:
    case type::extent_data: return key.objectid == btrfs::root_tree_dir_id || is_user_number(key.objectid);
    case type::inode_ref: return key.objectid == btrfs::root_tree_dir_id || key.offset == btrfs::root_tree_dir_id;
    case type::dir_item:
    case type::dir_index: return key.objectid == btrfs::root_tree_dir_id;
    case type::untyped: return key.objectid == btrfs::free_space_objectid;
    case type::temporary_item:
        return key.objectid == btrfs::balance_objectid || key.objectid == btrfs::csum_change_objectid;
    default: return false;
    }
}

class RootTreeReader {
public:
    explicit RootTreeReader(Context& context)
        : roots_(context.roots), findings_(context.findings),
          has_global_roots_(context.geometry().has_incompat(btrfs::incompat_extent_tree_v2)),
          generation_(context.geometry().generation) {}

    void take(const btrfs::Key& key, Bytes body, const Place& place) {
        if (key.objectid == btrfs::free_ino_objectid) {
            findings_.report(ProblemCode::inode_cache, place, {});
            return;
        }
        if (!belongs(key)) {
            findings_.report(ProblemCode::item_misplaced, place, "the root tree has no such items");
            return;
        }
        switch (key.type) {
        case type::root_item: return take_root(key, body, place);
        case type::root_ref:
        case type::root_backref: return take_ref(key, body, place);
        case type::orphan_item: roots_.orphans.push_back(key.offset); return;
        case type::inode_item: return take_inode(key, body, place);
        case type::extent_data: return take_extent(body, place);
        case type::dir_item: return take_dir_item(key, body, place);
        case type::temporary_item: return take_temporary(key, place);
        default: return;
        }
    }

private:
    void take_inode(const btrfs::Key& key, Bytes body, const Place& place) {
        roots_.inodes.push_back(key.objectid);
        constexpr u32 cache_mode = S_IFREG | 0600;
        const auto* item = view_at<btrfs::InodeItem>(body);
        if (item != nullptr && key.objectid != btrfs::root_tree_dir_id && item->mode != cache_mode) {
            findings_.report(ProblemCode::item_inode, place,
                             fmt::format("mode {:o} of a free space cache", u32{item->mode}));
        }
    }

    /// Of a free space cache.
    void take_extent(Bytes body, const Place& place) {
        const auto* head = view_at<btrfs::FileExtentHead>(body);
        if (head != nullptr && head->generation > generation_ + 1) {
            findings_.report(
                ProblemCode::inode_generation, place,
                fmt::format("file extent of generation {}, the filesystem has {}", u64{head->generation}, generation_));
        }
    }

    void take_root(const btrfs::Key& key, Bytes body, const Place& place) {
        const auto root = parse_root_item(key, body);
        if (!root) {
            return; // its size has been reported
        }
        RootRecord record{.root = *root, .item = {}, .place = place};
        std::memcpy(static_cast<void*>(&record.item), body.data(), std::min(body.size(), sizeof(record.item)));
        record.is_legacy = body.size() < sizeof(record.item) || record.item.generation_v2 != record.item.generation;
        if (record.is_legacy) {
            btrfs::RootItem kept;
            std::memcpy(static_cast<void*>(&kept), &record.item, btrfs::legacy_root_item_size);
            record.item = kept;
        }
        if (record.is_reloc()) {
            findings_.report(ProblemCode::reloc_tree, place, "of subvolume " + objectid_text(key.offset));
        }
        if (record.is_subvolume() && roots_.find(record.id()) != nullptr) {
            findings_.report(ProblemCode::item_misplaced, place, "the subvolume has a root item already");
        }
        const bool is_one_of_several = record.is_subvolume() || record.is_reloc() || has_global_roots_;
        if (!is_one_of_several && key.offset != 0) {
            findings_.report(ProblemCode::item_root, place,
                             fmt::format("offset {} in the key of a global tree", key.offset));
        }
        if (record.is_subvolume() && !record.is_dropping() && record.item.root_dirid != btrfs::root_dir_inode) {
            findings_.report(ProblemCode::item_root, place, fmt::format("root_dirid {}", u64{record.item.root_dirid}));
        }
        check_drop_progress(record);
        roots_.records.push_back(std::move(record));
    }

    /// The kernel refuses to go on deleting a subvolume whose progress makes no sense.
    void check_drop_progress(const RootRecord& record) {
        const bool is_begun = record.is_dropping() && record.item.drop_progress.objectid != 0;
        if (is_begun && (record.item.drop_level == 0 || record.item.drop_level > record.item.level)) {
            findings_.report(ProblemCode::item_root, record.place,
                             fmt::format("its deletion got to a node of level {}, but the tree has levels 0 to {}",
                                         record.item.drop_level, record.item.level));
        }
    }

    void take_ref(const btrfs::Key& key, Bytes body, const Place& place) {
        const auto* ref = view_at<btrfs::RootRef>(body);
        if (ref == nullptr) {
            return; // its size has been reported
        }
        const bool is_backref = key.type == type::root_backref;
        auto& list = is_backref ? roots_.backrefs : roots_.refs;
        list.push_back({.parent = is_backref ? key.offset : key.objectid,
                        .child = is_backref ? key.objectid : key.offset,
                        .dirid = ref->dirid,
                        .sequence = ref->sequence,
                        .name = std::string(as_text(clipped(body, sizeof(*ref), ref->name_len))),
                        .is_backref = is_backref,
                        .leaf = place.logical.value_or(Logical{}),
                        .slot = place.slot.value_or(0)});
    }

    void take_dir_item(const btrfs::Key& key, Bytes body, const Place& place) {
        const bool is_default = key.offset == name_hash(std::as_bytes(std::span(default_entry_name)));
        if (const auto location = is_default ? entry_of_name(body, default_entry_name) : std::nullopt) {
            roots_.default_subvolume = {.id = location->objectid, .place = place};
        }
    }

    void take_temporary(const btrfs::Key& key, const Place& place) {
        if (key.objectid == btrfs::balance_objectid) {
            findings_.report(ProblemCode::balance_unfinished, place, {});
        }
    }

    Roots& roots_;
    Findings& findings_;
    bool has_global_roots_; ///< several trees of a kind, told apart by the offset
    u64 generation_;        ///< of the superblock
};

/// Trees without which the kernel does not mount.
std::vector<u64> essential_trees(const Geometry& geometry) {
    std::vector<u64> trees = {btrfs::extent_tree_id, btrfs::dev_tree_id, btrfs::fs_tree_id, btrfs::csum_tree_id,
                              btrfs::data_reloc_tree_id};
    if ((geometry.compat_ro_flags & btrfs::compat_ro_free_space_tree) != 0) {
        trees.push_back(btrfs::free_space_tree_id);
    }
    if ((geometry.compat_ro_flags & btrfs::compat_ro_block_group_tree) != 0) {
        trees.push_back(btrfs::block_group_tree_id);
    }
    if (geometry.has_incompat(btrfs::incompat_raid_stripe_tree)) {
        trees.push_back(btrfs::raid_stripe_tree_id);
    }
    return trees;
}

void check_essential_trees(Context& context) {
    std::string lost;
    for (const u64 id : essential_trees(context.geometry())) {
        if (context.roots.find(id) != nullptr) {
            continue;
        }
        if (context.roots.complete) {
            context.findings.report(ProblemCode::root_unreadable, {.tree = id}, "there is no root item of it");
        } else {
            lost += (lost.empty() ? "" : ", ") + objectid_text(id);
        }
    }
    if (!lost.empty()) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::root_tree_id},
                                "trees whose root items are lost: " + lost);
    }
}

} // namespace

void check_root_tree(Context& context) {
    RootTreeReader reader(context);
    context.roots.complete =
        scan_items(context, context.filesystem.root_tree(),
                   [&](const btrfs::Key& key, Bytes body, const Place& place) { reader.take(key, body, place); });
    check_essential_trees(context);
}

} // namespace btrkit::check
