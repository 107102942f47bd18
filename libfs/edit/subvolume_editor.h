// SPDX-License-Identifier: MIT
// Subvolumes made, copied, taken out, and what is said of them, in the terms of the kernel's ioctls. Nothing lasts
// before the transaction is committed.
#pragma once

#include "formats/send/origin.h"
#include "libfs/edit/directory_editor.h"
#include "libfs/fs/xattrs.h"

namespace btrkit {

struct NewSubvolume {
    btrfs::Uuid uuid;
    bool is_read_only = false;
    /// Quota groups of a higher level that its own one joins. None: where quotas are simple, those of the subvolume
    /// that it stands in, as with a kernel.
    std::vector<u64> qgroups = {};
    bool inherits_compression = true; ///< of an empty one: from the subvolume that it stands in
};

using btrfs::send::Origin;

class SubvolumeEditor {
public:
    /// now: what is made is dated. The transaction must outlive it.
    SubvolumeEditor(Transaction& transaction, Time now)
        : transaction_(&transaction), directories_(transaction, now), now_(now) {}

    DirectoryEditor& directories() { return directories_; }

    /// The id of the subvolume whose top the path leads to. Fails with refused where it leads elsewhere.
    Result<u64> find(std::string_view path);
    /// The root item of a subvolume. Fails with not_found where there is none, with refused where it is being deleted.
    Result<btrfs::RootItem> root_item(u64 id);

    /// An empty subvolume. Returns its id. Fails as DirectoryEditor::add_entry(), and with refused where a quota group
    /// can't be joined.
    Result<u64> create(const NamedPlace& place, const NewSubvolume& wanted);
    /// One that shares everything with the source as it is now.
    Result<u64> snapshot(u64 source, const NamedPlace& place, const NewSubvolume& wanted);
    /// Gives back all that only this subvolume has. Refused: the top-level one, the default one, and one that others
    /// stand in.
    Result<void> remove(u64 id);
    /// Those that stand in a subvolume, by id.
    Result<std::vector<u64>> nested_in(u64 id);

    Result<u64> default_id();
    Result<void> set_default(u64 id);
    /// Refused where one that was received is made writable, unless `forget_received` says that its origin be
    /// forgotten: what was sent on top of it would go wrong.
    Result<void> set_read_only(u64 id, bool is_read_only, bool forget_received);
    /// All of it was received, and it becomes read-only.
    Result<void> set_received(u64 id, const Origin& origin);
    /// What was received keeps the uuid of where it came from.
    Result<void> set_uuids(u64 id, const btrfs::Uuid& uuid, const btrfs::Uuid& parent_uuid);

private:
    Result<u64> next_id();
    Result<void> check_is_directory(const PlaceInTree& dir);
    Result<void> link(u64 id, const NamedPlace& place);
    Result<void> unlink(u64 id);
    Result<void> add_uuid(const btrfs::Uuid& uuid, u8 type, u64 id);
    Result<void> remove_uuid(const btrfs::Uuid& uuid, u8 type, u64 id);
    Result<std::optional<Xattr>> compression_of(u64 id);
    Result<void> add_quota_group(u64 id, u64 inside, std::span<const u64> groups);
    static Result<void> join_quota_group(TreeBuffer& quota_tree, u64 id, u64 group);
    Result<btrfs::Key> root_key(u64 id);
    Result<void> put_root(u64 id, const btrfs::RootItem& root);

    Transaction* transaction_;
    DirectoryEditor directories_;
    Time now_;
};

} // namespace btrkit
