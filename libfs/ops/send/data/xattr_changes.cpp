// SPDX-License-Identifier: MIT
#include "libfs/ops/send/data/xattr_changes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"

#include <algorithm>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

constexpr std::string_view capability_name = "security.capability";
constexpr std::array<std::string_view, 2> acl_names = {"system.posix_acl_access", "system.posix_acl_default"};

/// An access control list without entries, as setxattr(2) takes it: only its version (2). btrfs stores no bytes for it.
constexpr std::string_view empty_acl{"\x02\0\0\0", 4};

} // namespace

XattrChanges::XattrChanges(const Snapshots& snapshots, const CurrentInode& current, Commands& commands, Paths& paths,
                           ChangeLog& log)
    : snapshots_(snapshots), current_(current), commands_(commands), paths_(paths), log_(log),
      search_(snapshots.sent->search()) {}

Result<XattrChanges::Entries> XattrChanges::parse(const Snapshot& snapshot, const btrfs::Key& key, Bytes body) {
    auto entries = parse_xattrs(body);
    return entries ? Result<Entries>(std::move(*entries))
                   : std::unexpected(snapshot.damaged(key, "extended attributes that are cut off"));
}

Result<void> XattrChanges::set(const Entry& entry) {
    BTRKIT_TRY_ASSIGN(const auto path, paths_.path_of(current_.number, current_.generation));
    const bool is_empty_acl = entry.value.empty() && std::ranges::find(acl_names, entry.name) != acl_names.end();
    return commands_.set_xattr(path, entry.name, is_empty_acl ? empty_acl : entry.value);
}

Result<void> XattrChanges::set_all(const Entries& entries, const Entries& known) {
    for (const auto& entry : entries) {
        const auto same = std::ranges::find(known, entry.name, &Entry::name);
        if (entry.name == capability_name || (same != known.end() && same->value == entry.value)) {
            continue;
        }
        BTRKIT_TRY(set(entry));
    }
    return {};
}

Result<void> XattrChanges::remove_all(const Entries& entries, const Entries& left) {
    for (const auto& entry : entries) {
        if (std::ranges::find(left, entry.name, &Entry::name) != left.end()) {
            continue;
        }
        const auto path = paths_.path_of(current_.number, current_.generation);
        BTRKIT_TRY(path ? commands_.remove_xattr(*path, entry.name) : std::unexpected(path.error()));
    }
    return {};
}

Result<void> XattrChanges::send(const ItemDifference& item) {
    BTRKIT_TRY_ASSIGN(const auto now,
                      item.new_item ? parse(*snapshots_.sent, item.key, item.new_item.data()) : Entries());
    BTRKIT_TRY_ASSIGN(const auto before,
                      item.old_item ? parse(*snapshots_.parent, item.key, item.old_item.data()) : Entries());
    if (item.change != ItemChange::same) {
        log_.attributes_changed();
    }
    BTRKIT_TRY(set_all(now, before));
    return remove_all(before, now);
}

Result<void> XattrChanges::send_all() {
    auto items = snapshots_.sent->search();
    auto there = items.seek({current_.number, type::xattr_item, 0});
    for (; there && *there; there = items.next()) {
        if (items.key().objectid != current_.number || items.key().type != type::xattr_item) {
            return {};
        }
        const auto entries = parse(*snapshots_.sent, items.key(), items.data());
        BTRKIT_TRY(entries ? set_all(*entries, {}) : std::unexpected(entries.error()));
    }
    return there ? Result<void>() : std::unexpected(there.error());
}

Result<void> XattrChanges::send_capabilities() {
    const u64 hash = name_hash(std::as_bytes(std::span(capability_name)));
    const auto there = search_.find({current_.number, type::xattr_item, hash});
    if (!there || !*there) {
        return there ? Result<void>() : std::unexpected(there.error());
    }
    BTRKIT_TRY_ASSIGN(const auto entries, parse(*snapshots_.sent, search_.key(), search_.data()));
    const auto capability = std::ranges::find(entries, capability_name, &Entry::name);
    return capability == entries.end() ? Result<void>() : set(*capability);
}

} // namespace btrkit::send
