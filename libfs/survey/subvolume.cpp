// SPDX-License-Identifier: MIT
#include "libfs/survey/subvolume.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/survey/read_roots.h"

#include <charconv>

#include <fmt/format.h>

namespace btrkit::survey {

namespace {

namespace type = btrfs::item_type;

/// The top-level tree hangs nowhere: what a receiver is to call it.
constexpr std::string_view top_level_name = "toplevel";

Result<std::string> name_of(const Filesystem& filesystem, u64 id) {
    if (id == btrfs::fs_tree_id) {
        return std::string(top_level_name);
    }
    ItemRange backrefs(filesystem.reader(), filesystem.root_tree().block, id, type::root_backref);
    BTRKIT_TRY_ASSIGN(const auto there, backrefs.next());
    const auto* ref = there ? view_at<btrfs::RootRef>(backrefs.data()) : nullptr;
    const auto name =
        ref == nullptr ? std::string_view() : as_text(clipped(backrefs.data(), sizeof(*ref), ref->name_len));
    if (name.empty()) {
        return fail(ErrorKind::damaged, fmt::format("subvolume {} has no name (ROOT_BACKREF)", id));
    }
    return std::string(name);
}

Result<Subvolume> subvolume_of(const Filesystem& filesystem, const RootRecord& record) {
    if (record.is_dropping()) {
        return fail(ErrorKind::refused, fmt::format("subvolume {} is deleted and half gone", record.id()));
    }
    BTRKIT_TRY_ASSIGN(auto name, name_of(filesystem, record.id()));
    return Subvolume{.tree = record.root,
                     .name = std::move(name),
                     .uuid = record.item.uuid,
                     .parent_uuid = record.item.parent_uuid,
                     .received_uuid = record.item.received_uuid,
                     .ctransid = record.item.ctransid,
                     .is_read_only = (record.item.flags & btrfs::root_subvol_rdonly) != 0};
}

/// The last of the root items in keys that wanted() says yes to.
template <class Wanted>
Result<std::optional<RootRecord>> find_record(const Filesystem& filesystem, const KeyRange& keys, Wanted&& wanted) {
    ItemRange items(filesystem.reader(), filesystem.root_tree().block, keys);
    std::optional<RootRecord> found;
    auto there = items.next();
    for (; there && *there; there = items.next()) {
        if (items.key().type != type::root_item || !is_subvolume(items.key().objectid)) {
            continue;
        }
        auto record = parse_root_record(items.key(), items.data(), {});
        if (record && wanted(*record)) {
            found = std::move(record);
        }
    }
    if (!there) {
        return std::unexpected(there.error());
    }
    return found;
}

} // namespace

std::optional<u64> parse_subvolume_id(std::string_view name) {
    u64 id = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), id);
    return failure == std::errc{} && end == name.data() + name.size() ? std::optional(id) : std::nullopt;
}

Result<Subvolume> find_subvolume(const Filesystem& filesystem, u64 id) {
    const auto keys = KeyRange::items_of(id, type::root_item);
    BTRKIT_TRY_ASSIGN(const auto record, find_record(filesystem, keys, [](const RootRecord&) { return true; }));
    if (!record) {
        return fail(ErrorKind::not_found, fmt::format("there is no subvolume {}", id));
    }
    return subvolume_of(filesystem, *record);
}

Result<Subvolume> find_subvolume(const Filesystem& filesystem, std::string_view name) {
    if (const auto id = parse_subvolume_id(name)) {
        return find_subvolume(filesystem, *id);
    }
    BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem, name));
    if (place.inode != btrfs::root_dir_inode) {
        return fail(ErrorKind::usage, fmt::format("path {}: not a subvolume", printable(name)));
    }
    return find_subvolume(filesystem, place.tree.id);
}

Result<std::optional<Subvolume>> find_subvolume(const Filesystem& filesystem, const btrfs::Uuid& uuid) {
    if (uuid.is_null()) {
        return std::nullopt;
    }
    const auto record = find_record(filesystem, {}, [&](const RootRecord& candidate) {
        return candidate.item.uuid == uuid && !candidate.is_dropping();
    });
    if (!record || !*record) {
        return record ? Result<std::optional<Subvolume>>(std::nullopt) : std::unexpected(record.error());
    }
    auto subvolume = subvolume_of(filesystem, **record);
    return subvolume ? Result<std::optional<Subvolume>>(std::move(*subvolume)) : std::unexpected(subvolume.error());
}

} // namespace btrkit::survey
