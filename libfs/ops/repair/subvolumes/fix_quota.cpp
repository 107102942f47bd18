// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/txn/quota_groups.h"

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

class QuotaFix {
public:
    QuotaFix(Transaction& transaction, TreeBuffer& tree, const Round& round)
        : transaction_(&transaction), tree_(&tree), round_(&round) {}

    /// Why it is left as it is; empty: it is right now.
    Result<std::string> make(const survey::Finding& finding) {
        const auto& key = finding.problem.place.key;
        if (!key) {
            return std::string("the finding does not say of which group");
        }
        switch (finding.problem.code) {
        case ProblemCode::qgroup_count: return renew_numbers(key->offset);
        case ProblemCode::qgroup_missing: return complete(key->offset);
        default: return settle_relation(key->objectid, key->offset);
        }
    }

private:
    Result<std::string> renew_numbers(u64 group) {
        const auto counted = std::ranges::find(round_->quota_groups(), group, &check::QgroupCount::id);
        BTRKIT_TRY_ASSIGN(auto item, tree_->find({0, type::qgroup_info, group}));
        if (counted == round_->quota_groups().end() || !item || item->body.size() < sizeof(btrfs::QgroupInfoItem)) {
            return std::string("nothing has counted for that group");
        }
        auto* info = reinterpret_cast<btrfs::QgroupInfoItem*>(item->body.data());
        info->rfer = counted->counted_referenced_bytes;
        info->excl = counted->counted_exclusive_bytes;
        if (!transaction_->keeps_simple_quotas()) {
            info->rfer_cmpr = info->rfer;
            info->excl_cmpr = info->excl;
            transaction_->keep_full_quotas();
        }
        info->generation = transaction_->generation();
        tree_->put(item->key, item->body);
        return std::string();
    }

    /// Full quotas are counted anew at the next rescan.
    Result<std::string> complete(u64 group) {
        BTRKIT_TRY_ASSIGN(const auto info, tree_->find({0, type::qgroup_info, group}));
        BTRKIT_TRY_ASSIGN(const auto limit, tree_->find({0, type::qgroup_limit, group}));
        if (!info && transaction_->keeps_simple_quotas()) {
            return std::string("nothing has counted for that group");
        }
        add_quota_group(*tree_, group, transaction_->generation());
        for (const auto& there : {info, limit}) {
            if (there) {
                tree_->put(there->key, there->body);
            }
        }
        return std::string();
    }

    Result<bool> has_group(u64 group) {
        BTRKIT_TRY_ASSIGN(const auto info, tree_->find({0, type::qgroup_info, group}));
        BTRKIT_TRY_ASSIGN(const auto limit, tree_->find({0, type::qgroup_limit, group}));
        return info || limit;
    }

    Result<std::string> settle_relation(u64 one, u64 other) {
        BTRKIT_TRY_ASSIGN(const bool has_one, has_group(one));
        BTRKIT_TRY_ASSIGN(const bool has_other, has_group(other));
        if (has_one && has_other && btrfs::qgroup_level(one) != btrfs::qgroup_level(other)) {
            relate_groups(*tree_, one, other);
            return std::string();
        }
        BTRKIT_TRY(tree_->erase({one, type::qgroup_relation, other}));
        BTRKIT_TRY(tree_->erase({other, type::qgroup_relation, one}));
        return std::string();
    }

    Transaction* transaction_;
    TreeBuffer* tree_;
    const Round* round_;
};

} // namespace

Result<void> fix_quota(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::quota_tree_id));
    QuotaFix fix(transaction, *tree, round);
    for (const auto* finding : findings) {
        BTRKIT_TRY_ASSIGN(auto why_not, fix.make(*finding));
        if (!why_not.empty()) {
            round.decline(*finding, std::move(why_not));
        }
    }
    return {};
}

} // namespace btrkit::repair
