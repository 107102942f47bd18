// SPDX-License-Identifier: MIT
// Where a subvolume stands in its parent, by majority of the four forms that say it: ROOT_REF, ROOT_BACKREF, and the
// parent's DIR_ITEM and DIR_INDEX.
#pragma once

#include "libfs/edit/directory_editor.h"
#include "libfs/survey/roots.h"
#include "libfs/txn/transaction.h"

#include <map>
#include <set>
#include <string>

namespace btrkit::repair {

/// The inode of a directory in its tree.
using DirectoryPlace = std::pair<u64, u64>;

class SubvolumeLink {
public:
    /// roots: as they are committed.
    SubvolumeLink(Transaction& transaction, const survey::Roots& roots, u64 subvolume)
        : transaction_(&transaction), roots_(&roots), subvolume_(subvolume) {}

    /// Makes the four forms say what most of them say, and the subvolume's count of them; of one that is being deleted
    /// all go. Why not, where that can't be
    /// told or something else stands there; then nothing is changed. asked: directories in which entries were seen that
    /// lead to it.
    Result<std::string> settle(const std::set<DirectoryPlace>& asked);

    /// Gives it that name, which nothing else has, and takes all others that settle() has found.
    Result<void> put(const NamedPlace& place, Time now);

    /// Takes all that names it. After settle().
    Result<void> remove_all();

    /// Whether anything says where it stands. After settle().
    bool is_anywhere() const { return !claims_.empty(); }

private:
    /// What a form says.
    struct Claim {
        u64 parent = 0;
        u64 dirid = 0;
        u64 sequence = 0;
        std::string name;
        friend auto operator<=>(const Claim&, const Claim&) = default;
    };
    /// How often it is said.
    struct Votes {
        unsigned refs = 0;
        bool has_index = false;
        bool has_item = false;
        unsigned count() const { return refs + (has_index ? 1U : 0U) + (has_item ? 1U : 0U); }
    };

    Result<void> collect(const std::set<DirectoryPlace>& asked);
    Result<void> collect_entries(const DirectoryPlace& place);
    const Claim* winner() const;
    Result<std::string> why_not(const Claim& claim);
    Result<bool> is_taken(const Claim& claim);
    Result<bool> is_of_another(const Claim& claim, const btrfs::Key& location);
    bool is_going() const;
    Result<void> remove_refs();
    Result<void> remove_entries(const DirectoryPlace& place);
    Result<void> renew_directories();
    Result<void> write(const Claim& claim);
    Result<void> write_refs(const Claim& claim);
    Result<void> write_entries(const Claim& claim);

    Transaction* transaction_;
    const survey::Roots* roots_;
    u64 subvolume_;
    std::set<DirectoryPlace> places_;
    std::map<Claim, Votes> claims_;
    std::set<Claim> items_; ///< of DIR_ITEMs: without a sequence
};

/// What the root item says of how many directories have the subvolume.
Result<void> set_subvolume_refs(TreeBuffer& root_tree, const survey::RootRecord& record, u32 refs);

} // namespace btrkit::repair
