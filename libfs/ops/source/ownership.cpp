// SPDX-License-Identifier: MIT
#include "libfs/base/names.h"
#include "libfs/ops/source/adjust.h"
#include "libfs/ops/source/posix_acl.h"

#include <limits>
#include <tuple>

#include <fmt/format.h>

namespace btrkit::source {

namespace {

/// An id with all bits set is none.
constexpr u64 ids_end = std::numeric_limits<u32>::max();

/// "uid" or "gid", for messages.
using IdKind = std::string_view;

Result<u32> mapped(u32 id, const std::vector<IdMap>& map, IdKind kind) {
    if (map.empty()) {
        return id;
    }
    for (const IdMap& range : map) {
        if (id < range.from || id - range.from >= range.count) {
            continue;
        }
        const u64 to = u64{range.to} + (id - range.from);
        if (to >= ids_end) {
            return fail(ErrorKind::usage, fmt::format("{} {} would become {}, which is no {}", kind, id, to, kind));
        }
        return static_cast<u32>(to);
    }
    return fail(ErrorKind::usage, fmt::format("{} {} is not covered by the {} map", kind, id, kind));
}

/// Replaces id by what the map makes of it.
Result<void> map_id(u32& id, const std::vector<IdMap>& map, IdKind kind) {
    BTRKIT_TRY_ASSIGN(const u32 to, mapped(id, map, kind));
    id = to;
    return {};
}

Result<void> map_acl(std::string& value, const Ownership& ownership) {
    std::optional<Acl> acl = parse_acl_xattr(value);
    if (!acl) {
        return {}; // nothing that has ids
    }
    for (AclEntry& entry : *acl) {
        Result<void> done;
        if (entry.tag == AclTag::user) {
            done = map_id(entry.id, ownership.uid_map, "uid");
        } else if (entry.tag == AclTag::group) {
            done = map_id(entry.id, ownership.gid_map, "gid");
        }
        if (!done) {
            return done;
        }
    }
    value = acl_xattr_value(complete_acl(std::move(*acl)));
    return {};
}

} // namespace

Result<void> set_ownership_of(u32& uid, u32& gid, std::vector<Xattr>& xattrs, const Ownership& ownership) {
    if (ownership.all_root || ownership.owner) {
        std::tie(uid, gid) = ownership.all_root ? std::pair<u32, u32>{} : *ownership.owner;
        return {};
    }
    if (ownership.uid_map.empty() && ownership.gid_map.empty()) {
        return {};
    }
    Result<void> done = map_id(uid, ownership.uid_map, "uid");
    if (done) {
        done = map_id(gid, ownership.gid_map, "gid");
    }
    for (Xattr& xattr : xattrs) {
        if (done && (xattr.name == acl_access_xattr || xattr.name == acl_default_xattr)) {
            done = map_acl(xattr.value, ownership);
        }
    }
    return done;
}

Result<void> set_ownership(SourceTree& tree, const Ownership& ownership) {
    for (u32 number = 0; number < tree.inodes.size(); ++number) {
        SourceInode& inode = tree.inodes[number];
        const auto done = set_ownership_of(inode.uid, inode.gid, inode.xattrs, ownership);
        if (!done) {
            return fail(done.error().kind,
                        fmt::format("{}: {}", printable(path_of(tree, number)), done.error().message));
        }
    }
    return {};
}

} // namespace btrkit::source
