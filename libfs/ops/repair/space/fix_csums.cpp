// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/space/missing_csums.h"
#include "libfs/ops/repair/space/summed_data.h"
#include "libfs/tree/csum_key.h"

#include <algorithm>

namespace btrkit::repair {

namespace {

class CsumOverlapFix {
public:
    CsumOverlapFix(TreeBuffer& tree, const Geometry& geometry) : tree_(&tree), geometry_(&geometry) {}

    /// Why it is left as it is; empty: the item and the one before it have no bytes in common any more.
    Result<std::string> make(const btrfs::Key& key) {
        BTRKIT_TRY_ASSIGN(const auto second, tree_->find(key));
        BTRKIT_TRY_ASSIGN(const auto first, tree_->last_up_to(btrfs::key_before(key)));
        if (!second || !first || first->key.type != btrfs::item_type::extent_csum) {
            return std::string(); // there is no overlap any more
        }
        const u64 begin = bytes_of_sums(key.offset - first->key.offset);
        if (first->body.size() <= begin) {
            return std::string();
        }
        const Bytes tail = Bytes(first->body).subspan(begin);
        const Bytes head = Bytes(second->body).first(std::min(tail.size(), second->body.size()));
        if (tail.size() % geometry_->csum_size_bytes != 0 || !std::ranges::equal(tail.first(head.size()), head)) {
            return std::string("the two have other checksums of the same bytes");
        }
        if (tail.size() > head.size()) {
            BTRKIT_TRY(tree_->erase(key)); // the first has all of it
        } else {
            tree_->put(first->key, Bytes(first->body).first(begin));
        }
        return std::string();
    }

private:
    std::size_t bytes_of_sums(u64 data_bytes) const {
        return data_bytes / geometry_->sectorsize * geometry_->csum_size_bytes;
    }

    TreeBuffer* tree_;
    const Geometry* geometry_;
};

/// Checksums that seem to be of nothing may be those that some data lacks, under a wrong key.
bool are_csums_astray(const FindingList& findings) {
    return std::ranges::any_of(findings, [](const survey::Finding* finding) {
        const auto code = finding->problem.code;
        return code == ProblemCode::data_csum_missing || code == ProblemCode::item_csum ||
               code == ProblemCode::item_csum_overlap;
    });
}

/// Checksums of what no extent holds go. The extent tree may be what is wrong: not those of what files have.
class UnfoundedCsums {
public:
    explicit UnfoundedCsums(Transaction& transaction) : transaction_(&transaction) {}

    /// Why they stay; empty: they go with the change.
    Result<std::string> drop(Range bytes) {
        if (!of_files_) {
            auto found = find_summed_data(*transaction_);
            if (!found && found.error().kind == ErrorKind::damaged) {
                return found.error().message;
            }
            if (!found) {
                return std::unexpected(found.error());
            }
            of_files_ = std::move(*found);
        }
        const auto unfounded = difference(set_of({bytes}), of_files_->within(bytes));
        for (const auto& range : unfounded.ranges()) {
            transaction_->drop_csums(range);
        }
        return std::string();
    }

private:
    Transaction* transaction_;
    std::optional<RangeSet> of_files_;
};

} // namespace

Result<void> fix_missing_csums(Transaction& transaction, const FindingList&) {
    return make_missing_csums(transaction);
}

Result<void> fix_csums(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::csum_tree_id));
    CsumOverlapFix overlap(*tree, transaction.geometry());
    UnfoundedCsums unfounded(transaction);
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        if (finding->problem.code == ProblemCode::csum_unfounded && place.logical && place.length) {
            if (are_csums_astray(round.left())) {
                round.decline(*finding, "other data lacks its checksums, which may be these");
                continue;
            }
            BTRKIT_TRY_ASSIGN(auto why_not, unfounded.drop(range_from(place.logical->bytenr, *place.length)));
            if (!why_not.empty()) {
                round.decline(*finding, std::move(why_not));
            }
        } else if (place.key && place.tree == btrfs::csum_tree_id) {
            BTRKIT_TRY_ASSIGN(auto why_not, overlap.make(*place.key));
            if (!why_not.empty()) {
                round.decline(*finding, std::move(why_not));
            }
        } else {
            round.decline(*finding, "the finding does not say of what");
        }
    }
    return {};
}

} // namespace btrkit::repair
