// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/name_form.h"

#include "libfs/base/checksum.h"
#include "libfs/ops/repair/each_item.h"

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

bool is_well_formed(const btrfs::Key& key, const NameRecord& record, const btrfs::DirItem* entry) {
    if (entry != nullptr) {
        const bool is_possible = entry->location.type == type::inode_item && entry->location.offset == 0 &&
                                 entry->data_len == 0 && entry->type != 0 &&
                                 entry->type < static_cast<u8>(btrfs::FileType::xattr);
        if (!is_possible) {
            return false;
        }
    }
    switch (key.type) {
    case type::dir_item: return key.offset == name_hash(record.name);
    case type::inode_extref: return key.offset == extref_hash(record.parent, record.name);
    default: return true;
    }
}

} // namespace

btrfs::Key dir_item_key(u64 parent, std::string_view name) {
    return {parent, type::dir_item, name_hash(std::as_bytes(std::span(name)))};
}

std::vector<NameForm> name_forms_in(const btrfs::Key& key, Bytes body) {
    std::vector<NameForm> forms;
    for_each_name(key, body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        if (is_self_ref(record) || is_subvolume_entry(entry)) {
            return;
        }
        forms.push_back({.form = record.form,
                         .parent = record.parent,
                         .child = record.child,
                         .index = record.index,
                         .file_type = record.file_type,
                         .transid = entry == nullptr ? 0 : u64{entry->transid},
                         .name = std::string(as_text(record.name)),
                         .key = key,
                         .is_well_formed = is_well_formed(key, record, entry)});
    });
    return forms;
}

Result<std::vector<NameForm>> entries_to(TreeBuffer& tree, u64 parent, const std::set<u64>& children) {
    std::vector<NameForm> found;
    const auto range = KeyRange::through({parent, type::dir_item, 0}, {parent, type::dir_index, ~u64{0}});
    BTRKIT_TRY(for_each_item(tree, range, [&](const BufferedItem& item) -> Result<void> {
        if (item.key.type == type::dir_item || item.key.type == type::dir_index) {
            for (auto& form : name_forms_in(item.key, item.body)) {
                if (children.contains(form.child)) {
                    found.push_back(std::move(form));
                }
            }
        }
        return {};
    }));
    return found;
}

Result<std::vector<NameForm>> refs_of(TreeBuffer& tree, u64 inode) {
    std::vector<NameForm> found;
    const auto range = KeyRange::through({inode, type::inode_ref, 0}, {inode, type::inode_extref, ~u64{0}});
    BTRKIT_TRY(for_each_item(tree, range, [&](const BufferedItem& item) -> Result<void> {
        std::ranges::move(name_forms_in(item.key, item.body), std::back_inserter(found));
        return {};
    }));
    return found;
}

} // namespace btrkit::repair
