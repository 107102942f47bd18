// SPDX-License-Identifier: MIT
#include "libfs/survey/read_roots.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/tree/cursor.h"

#include <cstring>

namespace btrkit::survey {

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

} // namespace

bool belongs_in_root_tree(const btrfs::Key& key) {
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

std::optional<RootRecord> parse_root_record(const btrfs::Key& key, Bytes body, const Place& place) {
    const auto root = parse_root_item(key, body);
    if (!root) {
        return std::nullopt;
    }
    const auto whole = whole_root_item(body);
    return RootRecord{.root = *root, .item = whole.item, .place = place, .is_legacy = whole.is_legacy};
}

void RootsCollector::accept(const btrfs::Key& key, Bytes body, const Place& place) {
    if (!belongs_in_root_tree(key)) {
        return;
    }
    switch (key.type) {
    case type::root_item:
        if (auto record = parse_root_record(key, body, place)) {
            roots_.records.push_back(std::move(*record));
        }
        return;
    case type::root_ref:
    case type::root_backref: return accept_ref(key, body, place);
    case type::orphan_item: roots_.orphans.push_back(key.offset); return;
    case type::inode_item: roots_.inodes.push_back(key.objectid); return;
    case type::dir_item: return accept_dir_item(key, body, place);
    default: return;
    }
}

void RootsCollector::accept_ref(const btrfs::Key& key, Bytes body, const Place& place) {
    const auto* ref = view_at<btrfs::RootRef>(body);
    if (ref == nullptr) {
        return;
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

void RootsCollector::accept_dir_item(const btrfs::Key& key, Bytes body, const Place& place) {
    const bool is_default = key.offset == name_hash(std::as_bytes(std::span(default_entry_name)));
    if (const auto location = is_default ? entry_of_name(body, default_entry_name) : std::nullopt) {
        roots_.default_subvolume = {.id = location->objectid, .place = place};
    }
}

Roots read_roots(const Filesystem& filesystem, const StopToken& stop, const ProblemSink& damage) {
    Roots roots;
    RootsCollector collector(roots);
    Cursor cursor(filesystem.reader(), filesystem.root_tree().block);
    for (cursor.seek(btrfs::Key::min()); cursor.valid() && !stop.stop_requested(); cursor.next()) {
        collector.accept(cursor.key(), cursor.data(),
                         {.logical = Logical{cursor.leaf().header().bytenr},
                          .tree = btrfs::root_tree_id,
                          .slot = cursor.slot(),
                          .key = cursor.key()});
    }
    if (damage) {
        std::ranges::for_each(cursor.damage(), damage);
    }
    roots.complete = !cursor.missed_items() && !stop.stop_requested();
    return roots;
}

void read_roots(Survey& survey) {
    survey.roots = read_roots(survey.filesystem, survey.run.stop);
}

} // namespace btrkit::survey
