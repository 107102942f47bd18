// SPDX-License-Identifier: MIT
#include "libfs/ops/source/posix_acl.h"

#include "libfs/base/bytes.h"

#include <algorithm>
#include <tuple>

#include <linux/posix_acl_xattr.h>

namespace btrkit::source {

namespace {

struct RawEntry {
    btrfs::le16 tag;
    btrfs::le16 permissions;
    btrfs::le32 id;
};
static_assert(sizeof(RawEntry) == sizeof(posix_acl_xattr_entry));

using RawHeader = btrfs::le32; ///< the version
static_assert(sizeof(RawHeader) == sizeof(posix_acl_xattr_header));

/// What named users and all groups may do at most: the permissions of all that it limits, taken together.
void add_missing_mask(Acl& acl) {
    bool is_needed = false;
    AclEntry mask{.tag = AclTag::mask};
    for (const AclEntry& entry : acl) {
        if (entry.tag == AclTag::mask) {
            return;
        }
        const bool is_named = entry.tag == AclTag::user || entry.tag == AclTag::group;
        is_needed = is_needed || is_named;
        if (is_named || entry.tag == AclTag::group_obj) {
            mask.permissions |= entry.permissions;
        }
    }
    if (is_needed) {
        acl.push_back(mask);
    }
}

template <class T>
void append(std::string& out, const T& value) {
    out += as_text(as_bytes_of(value));
}

} // namespace

Acl complete_acl(Acl acl) {
    add_missing_mask(acl);
    std::ranges::sort(acl, {},
                      [](const AclEntry& entry) { return std::tuple(entry.tag, entry.id, entry.permissions); });
    return acl;
}

std::string acl_xattr_value(const Acl& acl) {
    std::string value;
    append(value, RawHeader(POSIX_ACL_XATTR_VERSION));
    for (const AclEntry& entry : acl) {
        append(value, RawEntry{.tag = static_cast<u16>(entry.tag), .permissions = entry.permissions, .id = entry.id});
    }
    return value;
}

std::optional<Acl> parse_acl_xattr(std::string_view value) {
    const Bytes bytes = std::as_bytes(std::span(value));
    const auto* header = view_at<RawHeader>(bytes);
    if (header == nullptr || *header != POSIX_ACL_XATTR_VERSION ||
        (bytes.size() - sizeof(RawHeader)) % sizeof(RawEntry) != 0) {
        return std::nullopt;
    }
    Acl acl;
    for (std::size_t at = sizeof(RawHeader); at < bytes.size(); at += sizeof(RawEntry)) {
        const auto* raw = view_at<RawEntry>(bytes, at);
        acl.push_back({.tag = AclTag{u16{raw->tag}}, .permissions = raw->permissions, .id = raw->id});
    }
    return acl;
}

u32 mode_of_acl(const Acl& acl, u32 mode) {
    constexpr u32 rwx = 07;
    const auto put = [&](const AclEntry& entry, unsigned shift) {
        mode = (mode & ~(rwx << shift)) | ((entry.permissions & rwx) << shift);
    };
    for (const AclEntry& entry : acl) {
        switch (entry.tag) {
        case AclTag::user_obj: put(entry, 6); break;
        case AclTag::group_obj: put(entry, 3); break;
        case AclTag::other: put(entry, 0); break;
        default: break;
        }
    }
    const auto mask = std::ranges::find(acl, AclTag::mask, &AclEntry::tag);
    if (mask != acl.end()) {
        put(*mask, 3);
    }
    return mode;
}

} // namespace btrkit::source
