// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"
#include "libfs/ops/repair/inodes/inode_sums.h"
#include "libfs/survey/read_roots.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

btrfs::Key key_of(const btrfs::Uuid& uuid, u8 key_type) {
    const auto halves = btrfs::uuid_key(uuid);
    return {halves.objectid, key_type, halves.offset};
}

} // namespace

Result<void> fix_uuid_tree(Transaction& transaction, const FindingList&) {
    const auto roots = survey::read_roots(transaction.committed(), {});
    if (!roots.complete) {
        return fail(ErrorKind::damaged, "part of the root tree is lost");
    }
    std::map<btrfs::Key, std::set<u64>> wanted;
    for (const auto& record : roots.records) {
        if (!record.is_subvolume() || record.is_dropping()) {
            continue;
        }
        for (const auto& [uuid, key_type] : {std::pair(record.item.uuid, type::uuid_key_subvol),
                                             std::pair(record.item.received_uuid, type::uuid_key_received_subvol)}) {
            if (!uuid.is_null()) {
                wanted[key_of(uuid, key_type)].insert(record.id());
            }
        }
    }
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::uuid_tree_id));
    BTRKIT_TRY_ASSIGN(auto item, tree->first_from(btrfs::Key::min()));
    while (item) {
        const bool is_entry =
            item->key.type == type::uuid_key_subvol || item->key.type == type::uuid_key_received_subvol;
        if (is_entry && !wanted.contains(item->key)) {
            BTRKIT_TRY(tree->erase(item->key));
        }
        if (item->key == btrfs::Key::max()) {
            break;
        }
        auto next = item->key;
        next.offset += 1;
        next.type = static_cast<u8>(next.type + (next.offset == 0 ? 1 : 0));
        BTRKIT_TRY_ASSIGN(item, tree->first_from(next));
    }
    for (const auto& [key, ids] : wanted) {
        ItemBuffer body;
        for (const u64 id : ids) {
            body.add(btrfs::le64(id));
        }
        tree->put(key, body.release());
    }
    return {};
}

Result<void> fix_orphans(Transaction& transaction, const FindingList& findings) {
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        const bool is_root = finding->problem.code == ProblemCode::root_orphan_missing;
        const auto object = is_root && place.key ? std::optional(place.key->objectid) : place.inode;
        if (!object || (!is_root && !place.tree)) {
            return fail(ErrorKind::not_found, "the finding does not say of what");
        }
        BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(is_root ? btrfs::root_tree_id : *place.tree));
        if (!is_root) {
            BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(*tree, *object));
            if (sums.names > 0) {
                continue; // it is its link count that is wrong
            }
        }
        tree->put({btrfs::orphan_objectid, type::orphan_item, *object}, {});
    }
    return {};
}

} // namespace btrkit::repair
