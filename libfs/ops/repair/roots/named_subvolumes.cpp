// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/named_subvolumes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"
#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/tree/cursor.h"

#include <bit>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

bool lists(Bytes ids, u64 subvolume) {
    for (std::size_t at = 0; at + sizeof(btrfs::le64) <= ids.size(); at += sizeof(btrfs::le64)) {
        if (*view_at<btrfs::le64>(ids, at) == subvolume) {
            return true;
        }
    }
    return false;
}

/// Of a key that uuid_key() has made.
btrfs::Uuid uuid_of(const btrfs::Key& key) {
    const std::array<btrfs::le64, 2> halves = {key.objectid, key.offset};
    return std::bit_cast<btrfs::Uuid>(halves);
}

} // namespace

std::set<u64> named_subvolumes(const Filesystem& filesystem, const survey::Roots& roots) {
    std::set<u64> named;
    for (const auto& tree : survey::file_tree_roots(roots)) {
        Cursor cursor(filesystem.reader(), tree.root.block);
        for (bool there = cursor.seek(btrfs::Key::min()); there; there = cursor.next()) {
            const auto* entry = cursor.key().type == type::dir_index ? view_at<btrfs::DirItem>(cursor.data()) : nullptr;
            if (is_subvolume_entry(entry)) {
                named.insert(entry->location.to_key().objectid);
            }
        }
    }
    return named;
}

void put_known_uuids(const Filesystem& filesystem, u64 subvolume, btrfs::RootItem& item) {
    const auto tree = filesystem.find_tree(btrfs::uuid_tree_id);
    if (!tree) {
        return;
    }
    Cursor cursor(filesystem.reader(), tree->block);
    for (bool there = cursor.seek(btrfs::Key::min()); there; there = cursor.next()) {
        const auto& key = cursor.key();
        if (!lists(cursor.data(), subvolume)) {
            continue;
        }
        if (key.type == type::uuid_key_subvol) {
            item.uuid = uuid_of(key);
        } else if (key.type == type::uuid_key_received_subvol) {
            item.received_uuid = uuid_of(key);
        }
    }
}

} // namespace btrkit::repair
