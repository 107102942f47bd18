// SPDX-License-Identifier: MIT
// The inodes of a transaction's subvolumes: looked up as they will be, and changed in place. What all editors of files
// stand on.
#pragma once

#include "formats/btrfs/inode.h"
#include "libfs/edit/directory_editor.h"

#include <functional>
#include <map>

namespace btrkit {

/// What immutable and append-only flags are to those who change inodes.
enum class Protection {
    respected, ///< a refusal, as in the VFS
    ignored    ///< attributes like others: for who makes again what was made elsewhere
};

class InodeEditor {
public:
    /// now: what is changed is dated. The transaction must outlive it.
    InodeEditor(Transaction& transaction, Time now, Protection protection = Protection::respected)
        : transaction_(&transaction), now_(now), protection_(protection) {}
    InodeEditor(const InodeEditor&) = delete;
    InodeEditor& operator=(const InodeEditor&) = delete;

    Transaction& transaction() const { return *transaction_; }
    Time now() const { return now_; }

    /// Whether one of these flags (btrfs::inode_*) keeps the inode from being changed.
    bool is_protected(const Inode& inode, u64 flags) const {
        return protection_ == Protection::respected && (inode.flags & flags) != 0;
    }

    /// Fails with not_found where there is no such inode.
    Result<Inode> get(const PlaceInTree& place);

    /// The tree of a subvolume, to be changed; it is dated as changed. Fails with refused where it is read-only or
    /// being deleted.
    Result<TreeBuffer*> writable_tree(u64 id);

    /// Lets change() alter the inode's item, which then is of this transaction: transid and sequence follow. Fails as
    /// get() and writable_tree().
    Result<void> change(const PlaceInTree& place, const std::function<void(btrfs::InodeItem&)>& change);

    /// The highest that an inode of the subvolume has.
    Result<u64> newest_number(u64 id);
    /// For an inode that is going to be made: above all that the subvolume has or had in this run.
    Result<u64> new_number(u64 id);
    /// new_number() gives none up to this one: others have had them.
    void begin_numbers_behind(u64 tree, u64 number) { next_numbers_[tree] = number + 1; }
    /// That number where no inode of the subvolume has it, else a new one.
    Result<u64> number_for(u64 id, u64 wanted);

    /// Takes all items of an inode out: itself, its names, its attributes, its data. Extents that nobody else has are
    /// given back when changes are merged. Entries that lead to it are the caller's matter.
    Result<void> remove_items(const PlaceInTree& place);

private:
    Transaction* transaction_;
    Time now_;
    Protection protection_;
    std::map<u64, TreeBuffer*> writable_; ///< by tree
    std::map<u64, u64> next_numbers_;     ///< by tree
};

} // namespace btrkit
