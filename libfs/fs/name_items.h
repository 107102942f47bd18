// SPDX-License-Identifier: MIT
// The names in an item, of whichever form.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/base/bytes.h"

namespace btrkit {

/// One of the three forms of a name. What a form doesn't tell is 0.
struct NameRecord {
    enum class Form : u8 { dir_item, dir_index, inode_ref };
    Form form = Form::dir_item;
    u64 parent = 0;
    u64 child = 0;
    u64 index = 0;    ///< not in a DIR_ITEM
    u8 file_type = 0; ///< not in an inode's reference
    Bytes name = {};
};

/// Calls visit(NameRecord, const btrfs::DirItem* entry) for each name in a DIR_ITEM, DIR_INDEX, INODE_REF or
/// INODE_EXTREF; entry is null for the references. Stops where the item is cut off.
template <class Visit>
void for_each_name(const btrfs::Key& key, Bytes body, Visit&& visit) {
    namespace type = btrfs::item_type;
    using Form = NameRecord::Form;
    while (!body.empty()) {
        NameRecord record{.form = Form::inode_ref, .child = key.objectid};
        std::size_t head = 0;
        std::size_t tail = 0;
        std::size_t name_length = 0;
        const btrfs::DirItem* entry = nullptr;
        if (key.type == type::inode_ref) {
            const auto* ref = view_at<btrfs::InodeRef>(body);
            if (ref == nullptr) {
                return;
            }
            record.parent = key.offset;
            record.index = ref->index;
            head = sizeof(*ref);
            name_length = ref->name_len;
        } else if (key.type == type::inode_extref) {
            const auto* ref = view_at<btrfs::InodeExtref>(body);
            if (ref == nullptr) {
                return;
            }
            record.parent = ref->parent;
            record.index = ref->index;
            head = sizeof(*ref);
            name_length = ref->name_len;
        } else {
            entry = view_at<btrfs::DirItem>(body);
            if (entry == nullptr) {
                return;
            }
            record.form = key.type == type::dir_item ? Form::dir_item : Form::dir_index;
            record.parent = key.objectid;
            record.child = entry->location.objectid;
            record.index = key.type == type::dir_item ? 0 : key.offset;
            record.file_type = entry->type;
            head = sizeof(*entry);
            name_length = entry->name_len;
            tail = entry->data_len;
        }
        if (body.size() - head < name_length + tail) {
            return;
        }
        record.name = body.subspan(head, name_length);
        visit(record, entry);
        body = body.subspan(head + name_length + tail);
    }
}

/// ".." of a tree's top directory, which stands nowhere else.
inline bool is_self_ref(const NameRecord& record) {
    return record.form == NameRecord::Form::inode_ref && record.parent == record.child &&
           record.child == btrfs::root_dir_inode && record.index == 0 && as_text(record.name) == "..";
}

/// An entry that leads to another subvolume.
inline bool is_subvolume_entry(const btrfs::DirItem* entry) {
    return entry != nullptr && entry->location.type == btrfs::item_type::root_item;
}

} // namespace btrkit
