// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/inode_sums.h"
#include "libfs/ops/repair/inodes/lost_and_found.h"
#include "libfs/ops/repair/names/unsure_names.h"

namespace btrkit::repair {

namespace {

/// Why it is left as it is; empty: it has a name now.
Result<std::string> find_place(Transaction& transaction, const PlaceInTree& place, Time now) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(place.tree));
    BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(*tree, place.inode));
    if (sums.names > 0 || place.inode == btrfs::root_dir_inode) {
        return std::string("the inode has names, but not as many as it says");
    }
    BTRKIT_TRY_ASSIGN(const bool is_there, put_into_lost_and_found(transaction, place, now));
    return is_there ? std::string() : "there is no lost+found for it";
}

} // namespace

Result<void> fix_lost_inodes(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto trees = trees_of(transaction, *finding);
        if (!trees) {
            round.decline(*finding, trees.error().message);
            continue;
        }
        if (has_unsure_names(round, *finding->problem.place.tree, *finding->problem.place.inode)) {
            round.decline(*finding, "not all names are sure");
            continue;
        }
        for (const u64 id : *trees) {
            auto why_not = find_place(transaction, {.tree = id, .inode = *finding->problem.place.inode}, round.now());
            if (!why_not && why_not.error().kind != ErrorKind::not_found) {
                return std::unexpected(why_not.error());
            }
            if (!why_not || !why_not->empty()) {
                round.decline(*finding, why_not ? std::move(*why_not) : why_not.error().message);
            }
        }
    }
    return {};
}

} // namespace btrkit::repair
