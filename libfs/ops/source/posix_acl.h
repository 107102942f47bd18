// SPDX-License-Identifier: MIT
// POSIX ACLs as extended attributes hold them: a version, then entries, all little-endian (acl(5), xattr(7) and
// linux/posix_acl_xattr.h; btrfs keeps the same bytes on disk).
#pragma once

#include "libfs/base/address.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace btrkit::source {

inline constexpr std::string_view acl_access_xattr = "system.posix_acl_access";
inline constexpr std::string_view acl_default_xattr = "system.posix_acl_default";

/// Kinds of entries, in the order in which they stand.
enum class AclTag : u16 {
    user_obj = 0x01,
    user = 0x02,
    group_obj = 0x04,
    group = 0x08,
    mask = 0x10,
    other = 0x20,
};

inline constexpr u32 acl_no_id = ~u32{0}; ///< of entries that are neither user nor group

struct AclEntry {
    AclTag tag = AclTag::other;
    u16 permissions = 0; ///< rwx, as in the mode of others
    u32 id = acl_no_id;

    friend auto operator<=>(const AclEntry&, const AclEntry&) = default;
};
using Acl = std::vector<AclEntry>;

/// acl as the kernel takes it: entries in their order, and with a mask where there must be one.
Acl complete_acl(Acl acl);

/// The value of the xattr.
std::string acl_xattr_value(const Acl& acl);

/// The entries in a value, as they stand; nothing where it is not an ACL of the known version.
std::optional<Acl> parse_acl_xattr(std::string_view value);

/// mode with the permissions that the kernel shows for a file with this access ACL.
u32 mode_of_acl(const Acl& acl, u32 mode);

} // namespace btrkit::source
