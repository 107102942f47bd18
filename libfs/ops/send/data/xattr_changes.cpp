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

/// What is cut off is left out.
XattrChanges::Entries XattrChanges::parse(Bytes body) {
    Entries entries;
    std::size_t offset = 0;
    while (const auto* item = view_at<btrfs::DirItem>(body, offset)) {
        const std::size_t name_at = offset + sizeof(*item);
        const auto name = as_text(clipped(body, name_at, item->name_len));
        const auto value = as_text(clipped(body, name_at + item->name_len, item->data_len));
        if (name.size() == item->name_len && value.size() == item->data_len) {
            entries.push_back({name, value});
        }
        offset = name_at + item->name_len + item->data_len;
    }
    return entries;
}

Result<void> XattrChanges::set(const Entry& entry) {
    const auto path = paths_.path_of(current_.number, current_.generation);
    if (!path) {
        return std::unexpected(path.error());
    }
    const bool is_empty_acl = entry.value.empty() && std::ranges::find(acl_names, entry.name) != acl_names.end();
    return commands_.set_xattr(*path, entry.name, is_empty_acl ? empty_acl : entry.value);
}

Result<void> XattrChanges::set_all(const Entries& entries, const Entries& known) {
    for (const auto& entry : entries) {
        const auto same = std::ranges::find(known, entry.name, &Entry::name);
        if (entry.name == capability_name || (same != known.end() && same->value == entry.value)) {
            continue;
        }
        if (auto done = set(entry); !done) {
            return done;
        }
    }
    return {};
}

Result<void> XattrChanges::remove_all(const Entries& entries, const Entries& left) {
    for (const auto& entry : entries) {
        if (std::ranges::find(left, entry.name, &Entry::name) != left.end()) {
            continue;
        }
        const auto path = paths_.path_of(current_.number, current_.generation);
            if (auto done = path ? commands_.remove_xattr(*path, entry.name) : std::unexpected(path.error()); !done) {
            return done;
        }
    }
    return {};
}

Result<void> XattrChanges::send(const ItemDifference& item) {
    const auto now = item.new_item ? parse(item.new_item.data()) : Entries();
    const auto before = item.old_item ? parse(item.old_item.data()) : Entries();
    log_.attributes_changed();
    if (auto done = set_all(now, before); !done) {
        return done;
    }
    return remove_all(before, now);
}

Result<void> XattrChanges::send_all() {
    auto items = snapshots_.sent->search();
    auto there = items.seek_at_or_after({current_.number, type::xattr_item, 0});
    for (; there && *there; there = items.next()) {
        if (items.key().objectid != current_.number || items.key().type != type::xattr_item) {
            return {};
        }
        if (auto done = set_all(parse(items.data()), {}); !done) {
            return done;
        }
    }
    return there ? Result<void>() : std::unexpected(there.error());
}

Result<void> XattrChanges::send_capabilities() {
    const u64 hash = name_hash(std::as_bytes(std::span(capability_name)));
    const auto there = search_.find({current_.number, type::xattr_item, hash});
    if (!there || !*there) {
        return there ? Result<void>() : std::unexpected(there.error());
    }
    const auto entries = parse(search_.data());
    const auto capability = std::ranges::find(entries, capability_name, &Entry::name);
    return capability == entries.end() ? Result<void>() : set(*capability);
}

} // namespace btrkit::send
