// SPDX-License-Identifier: MIT
#include "libfs/ops/tune/new_uuid.h"

#include "libfs/edit/subvolume_editor.h"
#include "libfs/edit/subvolume_ids.h"
#include "libfs/ops/tune/change.h"

#include <algorithm>
#include <bit>

#include <xxhash.h>

namespace btrkit::tune {

namespace {

struct Named {
    u64 id;
    btrfs::Uuid uuid;
    btrfs::Uuid parent_uuid;
};

/// Those that are being deleted stay as they are: nothing names them any more.
Result<std::vector<Named>> named_subvolumes(Transaction& transaction, SubvolumeEditor& editor) {
    BTRKIT_TRY_ASSIGN(const auto ids, subvolume_ids(transaction));
    std::vector<Named> all;
    for (const u64 id : ids) {
        const auto root = editor.root_item(id);
        if (root) {
            all.push_back({.id = id, .uuid = root->uuid, .parent_uuid = root->parent_uuid});
        } else if (root.error().kind != ErrorKind::refused) {
            return std::unexpected(root.error());
        }
    }
    return all;
}

/// A subvolume without an id, as old kernels made them, gets none; a parent that is not here keeps its own.
Result<void> rename_subvolumes(Transaction& transaction, const btrfs::Uuid& fsid) {
    SubvolumeEditor editor(transaction, {});
    BTRKIT_TRY_ASSIGN(const auto all, named_subvolumes(transaction, editor));
    const auto is_here = [&](const btrfs::Uuid& uuid) {
        return !uuid.is_null() && std::ranges::find(all, uuid, &Named::uuid) != all.end();
    };
    for (const auto& each : all) {
        const auto parent = is_here(each.parent_uuid) ? derived_uuid(fsid, each.parent_uuid) : each.parent_uuid;
        const auto uuid = each.uuid.is_null() ? each.uuid : derived_uuid(fsid, each.uuid);
        BTRKIT_TRY(editor.set_uuids(each.id, uuid, parent));
        BTRKIT_TRY(transaction.relieve());
    }
    return {};
}

} // namespace

btrfs::Uuid derived_uuid(const btrfs::Uuid& fsid, const btrfs::Uuid& old) {
    const std::array both{fsid, old};
    const auto hash = XXH3_128bits(both.data(), sizeof(both));
    auto uuid = std::bit_cast<btrfs::Uuid>(std::array{hash.low64, hash.high64});
    // The marks of a random one (RFC 4122), which other tools expect.
    uuid.bytes[6] = static_cast<u8>((uuid.bytes[6] & 0x0fU) | 0x40U);
    uuid.bytes[8] = static_cast<u8>((uuid.bytes[8] & 0x3fU) | 0x80U);
    return uuid;
}

Result<void> set_new_uuid(Transaction& transaction, const btrfs::Uuid& fsid) {
    const auto& committed = transaction.committed();
    if (committed.super().fsid == fsid) {
        return fail(ErrorKind::refused, "the filesystem has that id already");
    }
    NewIdentity identity{.fsid = fsid, .devices = {}};
    for (const auto& [devid, member] : committed.volume().members()) {
        identity.devices[devid] = derived_uuid(fsid, member.uuid);
    }
    BTRKIT_TRY(transaction.set_identity(std::move(identity)));
    return rename_subvolumes(transaction, fsid);
}

} // namespace btrkit::tune
