// SPDX-License-Identifier: MIT
#include "libfs/ops/tune/features.h"

#include "libfs/txn/space_trees.h"

namespace btrkit::tune {

namespace {

using Names = std::vector<std::string_view>;

void add_flags(Transaction& transaction, u64 wanted, Names& unchanged) {
    for (const auto& feature : settable_features) {
        if ((wanted & feature.incompat_flag) != 0 && transaction.has_incompat(feature.incompat_flag)) {
            unchanged.push_back(feature.name);
        }
    }
    transaction.add_incompat(wanted);
}

/// A free space tree that kernels don't believe is neither there nor gone.
bool has_remains_of_free_space_tree(const Transaction& transaction) {
    return (transaction.geometry().compat_ro_flags & btrfs::compat_ro_free_space_tree) != 0 &&
           !transaction.geometry().has_valid_free_space_tree();
}

Result<void> change_space_trees(Transaction& transaction, const SetFeatures& wanted, Names& unchanged) {
    const auto was = space_trees_of(transaction);
    const bool has_remains = has_remains_of_free_space_tree(transaction);
    if (wanted.has_free_space_tree == was.has_free_space_tree && !has_remains) {
        unchanged.push_back(free_space_tree_name);
    }
    if (wanted.has_block_group_tree == was.has_block_group_tree) {
        unchanged.push_back(block_group_tree_name);
    }
    const SpaceTrees trees = {.has_free_space_tree = wanted.has_free_space_tree.value_or(was.has_free_space_tree),
                              .has_block_group_tree = wanted.has_block_group_tree.value_or(was.has_block_group_tree)};
    const bool ends_remains = wanted.has_free_space_tree && has_remains;
    return trees != was || ends_remains ? set_space_trees(transaction, trees) : Result<void>{};
}

} // namespace

Result<Names> set_features(Transaction& transaction, const SetFeatures& wanted) {
    Names unchanged;
    add_flags(transaction, wanted.incompat_flags, unchanged);
    BTRKIT_TRY(change_space_trees(transaction, wanted, unchanged));
    if (wanted.is_seed) {
        if (transaction.is_seed() == *wanted.is_seed) {
            unchanged.push_back(seeding_name);
        }
        transaction.set_seeding(*wanted.is_seed);
    }
    return unchanged;
}

} // namespace btrkit::tune
