// SPDX-License-Identifier: MIT
// The names of some inodes of one file tree, put right by majority.
#pragma once

#include "libfs/base/problem.h"
#include "libfs/ops/repair/names/name_vote.h"
#include "libfs/volume/geometry.h"

#include <map>

namespace btrkit::repair {

class TreeNames {
public:
    enum class Sureness : unsigned char {
        majority, ///< two forms of a name agree
        one_form, ///< one is enough, as long as the inode says that it has more names than are known
        dropping  ///< and what is left then goes; entries that lead to no inode, too
    };

    /// generation: of what is written.
    TreeNames(TreeBuffer& tree, const Geometry& geometry, u64 generation, Sureness sureness)
        : tree_(&tree), geometry_(&geometry), generation_(generation), sureness_(sureness) {}

    /// What a problem speaks of.
    struct Question {
        std::set<u64> inodes = {};           ///< whose names
        std::optional<btrfs::Key> item = {}; ///< that is malformed, and so must be made anew
    };
    /// That is to be put right.
    Result<Question> ask(const Problem& problem);

    /// The same for an inode that entries of these directories lead to.
    void ask_about(u64 inode, const std::set<u64>& directories) {
        inodes_.try_emplace(inode);
        parents_.insert(directories.begin(), directories.end());
    }

    /// Makes all names of the inodes that were asked for stand in three places, alike. An inode is left as it is where
    /// that can't be told, or where names of others stand in the way.
    Result<void> settle();

    /// After settle(): whether it is as it should be.
    bool is_settled(const Question& question) const;

private:
    struct Inode {
        NamesOfInode names = {};
        bool is_blocked = false;
        bool is_changed = false;
        bool has_malformed_refs = false;
    };

    Result<void> load();
    Result<bool> add_those_in_the_way();
    Result<void> find_those_in_the_way(Inode& inode, std::set<u64>& found);
    Result<void> believe_single_forms();
    Result<void> give_up_dead_names();
    Result<void> block_impossible();
    void block_contested();
    void block_unexplained();
    Result<void> give_indexes();
    Result<void> remove_strays(const Inode& inode);
    Result<void> remove_entry(const NameForm& form);
    Result<void> write(u64 number, Inode& inode);
    Result<void> write_entries(const Link& link);
    Result<void> write_refs(u64 number, const Inode& inode);
    Result<void> renew_sums();

    TreeBuffer* tree_;
    const Geometry* geometry_;
    u64 generation_;
    Sureness sureness_;
    std::set<u64> parents_; ///< directories in which entries were seen to be looked at
    std::map<u64, Inode> inodes_;
    std::set<btrfs::Key> subvolume_indexes_; ///< where entries of subvolumes stand
    std::set<btrfs::Key> written_;           ///< items that were made anew, or taken out
};

} // namespace btrkit::repair
