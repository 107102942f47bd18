// SPDX-License-Identifier: MIT
// DIR_ITEM, DIR_INDEX and XATTR_ITEM.
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/tree/item_check_context.h"

namespace btrkit {

namespace {

constexpr auto dir_code = ProblemCode::item_dir;

bool is_xattr(const ItemCheck& item) {
    return item.key().type == btrfs::item_type::xattr_item;
}

/// Whether an entry of a directory can lead there: to an inode of the same tree, or to another subvolume.
bool is_entry_location(const btrfs::Key& location) {
    switch (location.type) {
    case btrfs::item_type::root_item: return is_subvolume(location.objectid);
    case btrfs::item_type::untyped: // taken by the kernel as an inode
    case btrfs::item_type::inode_item: return is_inode_number(location.objectid) && location.offset == 0;
    default: return false;
    }
}

void check_location(const ItemCheck& item, const btrfs::Key& location) {
    if (is_xattr(item)) {
        if (location != btrfs::Key{}) {
            item.report(dir_code, "xattr with location {}", key_text(location));
        }
    } else if (!is_entry_location(location)) {
        item.report(dir_code, "location {} is neither an inode nor a subvolume", key_text(location));
    }
}

void check_type(const ItemCheck& item, u8 raw_type) {
    const auto type = static_cast<u8>(raw_type & ~btrfs::file_type_encrypted);
    if (type == 0 || type >= btrfs::file_type_names.size()) {
        item.report(dir_code, "unknown file type {}", type);
    } else if ((type == static_cast<u8>(btrfs::FileType::xattr)) != is_xattr(item)) {
        item.report(dir_code, "file type {} in an item of this type", btrfs::file_type_names[type]);
    }
}

/// Name and data are known to lie inside the item, and so to be no longer together than a leaf allows.
void check_lengths(const ItemCheck& item, u32 name_length, u32 data_length) {
    if (name_length > btrfs::max_name_length) {
        item.report(dir_code, "name of {} bytes, but {} are the most", name_length, btrfs::max_name_length);
    }
    if (data_length != 0 && !is_xattr(item)) {
        item.report(dir_code, "{} bytes of data, which only xattrs have", data_length);
    }
}

void check_hash(const ItemCheck& item, Bytes name) {
    if (item.key().type == btrfs::item_type::dir_index) {
        return; // keyed by sequence
    }
    if (const u64 hash = name_hash(name); hash != item.key().offset) {
        item.report(ProblemCode::item_dir_hash, "\"{}\" has the hash {}", printable(as_text(name)), hash);
    }
}

} // namespace

void check_dir_entries(const ItemCheck& item) {
    item.expect_inode_before();
    for (Bytes rest = item.data(); !rest.empty();) {
        const auto* entry = view_at<btrfs::DirItem>(rest);
        if (entry == nullptr) {
            item.report(dir_code, "{} bytes behind the last entry", rest.size());
            return;
        }
        const u32 name_length = entry->name_len;
        const u32 data_length = entry->data_len;
        const std::size_t room = rest.size() - sizeof(*entry);
        check_location(item, entry->location.to_key());
        check_type(item, entry->type);
        if (std::size_t{name_length} + data_length > room) {
            item.report(dir_code, "name of {} bytes and data of {}, but the item has {} left", name_length, data_length,
                        room);
            return;
        }
        check_lengths(item, name_length, data_length);
        check_hash(item, rest.subspan(sizeof(*entry), name_length));
        rest = rest.subspan(sizeof(*entry) + name_length + data_length);
    }
}

} // namespace btrkit
