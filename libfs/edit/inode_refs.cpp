// SPDX-License-Identifier: MIT
#include "libfs/edit/inode_refs.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/item_buffer.h"
#include "libfs/base/names.h"
#include "libfs/fs/name_items.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

btrfs::Key plain_key(u64 inode, u64 dir) {
    return {inode, type::inode_ref, dir};
}

btrfs::Key extended_key(u64 inode, u64 dir, std::string_view name) {
    return {inode, type::inode_extref, extref_hash(dir, std::as_bytes(std::span(name)))};
}

/// Puts bytes behind those of an item that may be there; false where it would get too large.
Result<bool> append(TreeBuffer& tree, u32 nodesize, const btrfs::Key& key, Bytes added) {
    BTRKIT_TRY_ASSIGN(auto item, tree.find(key));
    auto body = item ? std::move(item->body) : std::vector<std::byte>{};
    if (body.size() + added.size() > btrfs::max_item_size(nodesize)) {
        return false;
    }
    body.insert(body.end(), added.begin(), added.end());
    tree.put(key, body);
    return true;
}

/// The item without one name, and the name's index.
struct Shortened {
    std::vector<std::byte> rest;
    u64 index = 0;
};

std::optional<Shortened> without_name(const BufferedItem& item, u64 dir, std::string_view name) {
    const std::byte* const begin = item.body.data();
    std::optional<Shortened> shortened;
    std::size_t from = 0;
    for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem*) {
        const auto behind = static_cast<std::size_t>(record.name.data() + record.name.size() - begin);
        if (!shortened && record.parent == dir && as_text(record.name) == name) {
            const Bytes all(item.body);
            shortened.emplace(Shortened{.rest = {begin, begin + from}, .index = record.index});
            const Bytes after = all.subspan(behind);
            shortened->rest.insert(shortened->rest.end(), after.begin(), after.end());
        }
        from = behind;
    });
    return shortened;
}

Result<std::optional<u64>> take_from(TreeBuffer& tree, const btrfs::Key& key, u64 dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto item, tree.find(key));
    auto shortened = item ? without_name(*item, dir, name) : std::nullopt;
    if (!shortened) {
        return std::optional<u64>();
    }
    if (shortened->rest.empty()) {
        BTRKIT_TRY(tree.erase(key));
    } else {
        tree.put(key, shortened->rest);
    }
    return std::optional(shortened->index);
}

} // namespace

Result<void> add_inode_ref(TreeBuffer& tree, const Geometry& geometry, u64 inode, const NewName& name) {
    const auto plain = ItemBuffer()
                           .add(btrfs::InodeRef{.index = name.index, .name_len = static_cast<u16>(name.name.size())})
                           .add_text(name.name)
                           .release();
    BTRKIT_TRY_ASSIGN(bool has_room, append(tree, geometry.nodesize, plain_key(inode, name.dir), plain));
    if (!has_room && geometry.has_incompat(btrfs::incompat_extended_iref)) {
        const auto extended =
            ItemBuffer()
                .add(btrfs::InodeExtref{
                    .parent = name.dir, .index = name.index, .name_len = static_cast<u16>(name.name.size())})
                .add_text(name.name)
                .release();
        BTRKIT_TRY_ASSIGN(has_room,
                          append(tree, geometry.nodesize, extended_key(inode, name.dir, name.name), extended));
    }
    if (!has_room) {
        return fail(ErrorKind::no_space,
                    fmt::format("\"{}\": the file has too many names in one directory", printable(name.name)));
    }
    return {};
}

Result<std::optional<u64>> take_inode_ref(TreeBuffer& tree, u64 inode, u64 dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto index, take_from(tree, plain_key(inode, dir), dir, name));
    return index ? index : take_from(tree, extended_key(inode, dir, name), dir, name);
}

Result<std::optional<InodeName>> first_inode_name(TreeBuffer& tree, u64 inode) {
    BTRKIT_TRY_ASSIGN(const auto item, tree.first_from(plain_key(inode, 0)));
    std::optional<InodeName> first;
    if (!item || item->key.objectid != inode ||
        (item->key.type != type::inode_ref && item->key.type != type::inode_extref)) {
        return first;
    }
    for_each_name(item->key, item->body, [&](const NameRecord& record, const btrfs::DirItem*) {
        if (!first && !is_self_ref(record)) {
            first = {.dir = record.parent, .index = record.index, .name = std::string(as_text(record.name))};
        }
    });
    return first;
}

} // namespace btrkit
