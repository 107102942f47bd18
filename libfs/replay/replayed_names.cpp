// SPDX-License-Identifier: MIT
#include "libfs/replay/replayed_names.h"

#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/edit/dir_item_list.h"
#include "libfs/edit/inode_refs.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/name_items.h"
#include "libfs/fs/path_lookup.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::replay {

namespace {

namespace type = btrfs::item_type;

btrfs::Key dir_item_key(u64 dir, std::string_view name) {
    return {dir, type::dir_item, name_hash(std::as_bytes(std::span(name)))};
}

btrfs::Key inode_key(u64 inode) {
    return {inode, type::inode_item, 0};
}

/// The names in an item of references.
std::vector<InodeName> names_in(const BufferedItem& item) {
    std::vector<InodeName> names;
    for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem*) {
        names.push_back({.dir = record.parent, .index = record.index, .name = std::string(as_text(record.name))});
    });
    return names;
}

bool is_reference(const btrfs::Key& key) {
    return key.type == type::inode_ref || key.type == type::inode_extref;
}

} // namespace

Result<bool> ReplayedNames::has_inode(u64 inode) {
    BTRKIT_TRY_ASSIGN(const auto item, tree_->find(inode_key(inode)));
    return item.has_value();
}

Result<std::optional<btrfs::Key>> ReplayedNames::location_of(u64 dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto item, tree_->find(dir_item_key(dir, name)));
    return item ? entry_of_name(item->body, name) : std::nullopt;
}

Result<std::optional<ReplayedNames::Entry>> ReplayedNames::entry_at(u64 dir, u64 index) {
    BTRKIT_TRY_ASSIGN(const auto item, tree_->find({dir, type::dir_index, index}));
    std::optional<Entry> found;
    if (item) {
        for_each_name(item->key, item->body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
            found = Entry{.dir = dir,
                          .index = index,
                          .name = std::string(as_text(record.name)),
                          .location = entry->location.to_key(),
                          .file_type = record.file_type};
        });
    }
    return found;
}

Result<void> ReplayedNames::take(const Entry& entry) {
    if (entry.location.type != type::inode_item) {
        return fail(ErrorKind::refused, fmt::format("the log takes away the name \"{}\" of a subvolume; mount it once "
                                                    "and unmount it",
                                                    printable(entry.name)));
    }
    const auto key = dir_item_key(entry.dir, entry.name);
    BTRKIT_TRY_ASSIGN(const auto item, tree_->find(key));
    const bool is_its = item && entry_of_name(item->body, entry.name) == entry.location;
    if (const auto rest = is_its ? without_dir_item(item->body, entry.name) : std::nullopt) {
        if (rest->empty()) {
            BTRKIT_TRY(tree_->erase(key));
        } else {
            tree_->put(key, *rest);
        }
    }
    BTRKIT_TRY_ASSIGN(const auto indexed, entry_at(entry.dir, entry.index));
    if (indexed && indexed->name == entry.name) {
        BTRKIT_TRY(tree_->erase({entry.dir, type::dir_index, entry.index}));
    }
    BTRKIT_TRY(take_inode_ref(*tree_, entry.location.objectid, entry.dir, entry.name));
    size_changes_[entry.dir] -= 2 * static_cast<std::int64_t>(entry.name.size());
    recount(entry.location.objectid);
    return {};
}

/// Its index is what the inode's reference says.
Result<void> ReplayedNames::take_named(u64 dir, std::string_view name, const btrfs::Key& location) {
    Entry entry{.dir = dir, .name = std::string(name), .location = location};
    if (location.type == type::inode_item) {
        BTRKIT_TRY_ASSIGN(const auto index, take_inode_ref(*tree_, location.objectid, dir, name));
        entry.index = index.value_or(0);
    }
    return take(entry);
}

Result<void> ReplayedNames::put(const Entry& entry) {
    const auto body =
        dir_item_of(entry.location, static_cast<btrfs::FileType>(entry.file_type), geometry_->generation, entry.name);
    const auto key = dir_item_key(entry.dir, entry.name);
    BTRKIT_TRY_ASSIGN(const auto same_hash, tree_->find(key));
    auto all = same_hash ? same_hash->body : std::vector<std::byte>();
    all.insert(all.end(), body.begin(), body.end());
    tree_->put(key, all);
    tree_->put({entry.dir, type::dir_index, entry.index}, body);
    size_changes_[entry.dir] += 2 * static_cast<std::int64_t>(entry.name.size());
    recount(entry.location.objectid);
    return {};
}

Result<void> ReplayedNames::remove_deleted(u64 dir) {
    btrfs::Key from = {dir, type::dir_log_index, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto known, log_->first_from(from));
        if (!known || known->key.objectid != dir || known->key.type != type::dir_log_index) {
            return {};
        }
        const auto* item = view_at<btrfs::DirLogItem>(known->body);
        const u64 last = item != nullptr ? u64{item->end} : 0;
        btrfs::Key at = {dir, type::dir_index, known->key.offset};
        for (;;) {
            BTRKIT_TRY_ASSIGN(const auto found, tree_->first_from(at));
            if (!found || found->key.objectid != dir || found->key.type != type::dir_index ||
                found->key.offset > last) {
                break;
            }
            BTRKIT_TRY_ASSIGN(const auto entry, entry_at(dir, found->key.offset));
            const std::string_view name = entry ? std::string_view(entry->name) : std::string_view();
            BTRKIT_TRY_ASSIGN(const bool stays, log_->has_entry(dir, found->key.offset, name));
            if (entry && !stays) {
                BTRKIT_TRY(take(*entry));
            }
            at = btrfs::next_key(found->key);
        }
        from = btrfs::next_key(known->key);
    }
}

Result<void> ReplayedNames::put_entry(const BufferedItem& item) {
    std::optional<Entry> wanted;
    for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        wanted = Entry{.dir = item.key.objectid,
                       .index = item.key.offset,
                       .name = std::string(as_text(record.name)),
                       .location = entry->location.to_key(),
                       .file_type = record.file_type};
    });
    BTRKIT_TRY_ASSIGN(const bool has_dir, has_inode(item.key.objectid));
    if (!wanted || !has_dir) {
        return {};
    }
    const u64 inode = wanted->location.objectid;
    bool is_inode_there = false;
    if (wanted->location.type == type::inode_item) {
        BTRKIT_TRY_ASSIGN(is_inode_there, has_inode(inode));
    }
    BTRKIT_TRY_ASSIGN(auto named, location_of(wanted->dir, wanted->name));
    BTRKIT_TRY_ASSIGN(const auto indexed, entry_at(wanted->dir, wanted->index));
    const bool is_indexed = indexed && indexed->name == wanted->name && indexed->location == wanted->location;
    if (named == wanted->location && is_indexed) {
        return {};
    }
    if (named && named != wanted->location && is_inode_there) {
        BTRKIT_TRY(take_named(wanted->dir, wanted->name, *named));
        named.reset();
    }
    BTRKIT_TRY_ASSIGN(const bool comes_with_ref, log_->has_name(inode, wanted->dir, wanted->name));
    if (comes_with_ref || named || indexed || !is_inode_there) {
        return {};
    }
    BTRKIT_TRY(put(*wanted));
    return add_inode_ref(*tree_, *geometry_, inode, {.dir = wanted->dir, .index = wanted->index, .name = wanted->name});
}

/// The entry that a reference of the log speaks of: put where it is not there, and what is in its way taken out.
Result<void> ReplayedNames::put_ref(u64 inode, const Entry& entry) {
    BTRKIT_TRY_ASSIGN(auto named, location_of(entry.dir, entry.name));
    BTRKIT_TRY_ASSIGN(const auto indexed, entry_at(entry.dir, entry.index));
    if (named == entry.location && indexed && indexed->name == entry.name && indexed->location == entry.location) {
        return {};
    }
    if (indexed) {
        BTRKIT_TRY(take(*indexed));
        BTRKIT_TRY_ASSIGN(named, location_of(entry.dir, entry.name));
    }
    if (named) {
        BTRKIT_TRY(take_named(entry.dir, entry.name, *named));
    }
    recount(inode);
    return put(entry);
}

Result<void> ReplayedNames::put_refs(const BufferedItem& item) {
    const u64 inode = item.key.objectid;
    BTRKIT_TRY_ASSIGN(const auto inode_item, tree_->find(inode_key(inode)));
    const auto* body = inode_item ? view_at<btrfs::InodeItem>(inode_item->body) : nullptr;
    if (body == nullptr || inode == item.key.offset) {
        return {}; // ".." of the top
    }
    bool has_dirs = false;
    const auto names = names_in(item);
    for (const auto& name : names) {
        BTRKIT_TRY_ASSIGN(const bool has_dir, has_inode(name.dir));
        if (has_dir) {
            has_dirs = true;
            BTRKIT_TRY(put_ref(inode, {.dir = name.dir,
                                       .index = name.index,
                                       .name = name.name,
                                       .location = inode_key(inode),
                                       .file_type = static_cast<u8>(file_type_of(body->mode))}));
        }
    }
    if (!has_dirs) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto old, tree_->find(item.key));
    for (const auto& name : old ? names_in(*old) : std::vector<InodeName>()) {
        if (std::ranges::none_of(names,
                                 [&](const auto& own) { return own.dir == name.dir && own.name == name.name; })) {
            BTRKIT_TRY(take({.dir = name.dir, .index = name.index, .name = name.name, .location = inode_key(inode)}));
        }
    }
    tree_->put(item.key, item.body);
    recount(inode);
    return {};
}

Result<void> ReplayedNames::take_all_in(u64 dir) {
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto found, tree_->first_from({dir, type::dir_index, 0}));
        if (!found || found->key.objectid != dir || found->key.type != type::dir_index) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(const auto entry, entry_at(dir, found->key.offset));
        if (!entry) {
            return fail(ErrorKind::damaged,
                        fmt::format("an entry of directory {} is malformed; run btrkit-check", dir));
        }
        BTRKIT_TRY(take(*entry));
    }
}

Result<void> ReplayedNames::settle_links(u64 inode) {
    BTRKIT_TRY_ASSIGN(auto item, tree_->find(inode_key(inode)));
    if (!item || item->body.size() < sizeof(btrfs::InodeItem)) {
        return {};
    }
    u32 links = 0;
    btrfs::Key from = {inode, type::inode_ref, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto refs, tree_->first_from(from));
        if (!refs || refs->key.objectid != inode || !is_reference(refs->key)) {
            break;
        }
        links += static_cast<u32>(names_in(*refs).size());
        from = btrfs::next_key(refs->key);
    }
    auto* body = reinterpret_cast<btrfs::InodeItem*>(item->body.data());
    if (links == 0 && S_ISDIR(body->mode)) {
        BTRKIT_TRY(take_all_in(inode));
    }
    body->nlink = links;
    tree_->put(item->key, item->body);
    const btrfs::Key orphan = {btrfs::orphan_objectid, type::orphan_item, inode};
    if (links == 0) {
        tree_->put(orphan, {});
        return {};
    }
    BTRKIT_TRY(tree_->erase(orphan));
    return {};
}

Result<void> ReplayedNames::settle() {
    while (!recounted_.empty()) {
        const u64 inode = *recounted_.begin();
        recounted_.erase(recounted_.begin());
        BTRKIT_TRY(settle_links(inode));
    }
    for (const auto& [dir, change] : size_changes_) {
        BTRKIT_TRY_ASSIGN(auto item, tree_->find(inode_key(dir)));
        if (item && item->body.size() >= sizeof(btrfs::InodeItem)) {
            auto* body = reinterpret_cast<btrfs::InodeItem*>(item->body.data());
            body->size = body->size + static_cast<u64>(change);
            tree_->put(item->key, item->body);
        }
    }
    size_changes_.clear();
    return {};
}

} // namespace btrkit::replay
