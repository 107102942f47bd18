// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::repair {

/// Items under keys that no group has are told one by one; all others are written over. Those of the free space tree
/// go by themselves.
Result<void> fix_space(Transaction& transaction, const FindingList& findings) {
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        if (place.key && place.tree && place.key->type == btrfs::item_type::block_group_item) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(*place.tree));
            BTRKIT_TRY(tree->erase(*place.key));
        }
    }
    return transaction.renew_space();
}

} // namespace btrkit::repair
