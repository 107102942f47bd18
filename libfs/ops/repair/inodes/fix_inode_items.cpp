// SPDX-License-Identifier: MIT
#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/file_type.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr std::string_view not_known = "what is right does not follow from what else is there";

/// One item that says what it can't.
class InodeItemFix {
public:
    /// leaf_generation: of the leaf in which it was found.
    InodeItemFix(Transaction& transaction, TreeBuffer& tree, const btrfs::Key& key, u64 leaf_generation)
        : transaction_(&transaction), tree_(&tree), key_(key), newest_(leaf_generation) {}

    /// Why it is left as it is; empty: it is right now.
    Result<std::string> make() {
        if (key_.type == type::extent_data) {
            return renew_extent_generation();
        }
        if (key_.type != type::inode_item) {
            return std::string(not_known);
        }
        BTRKIT_TRY_ASSIGN(const bool is_in_place, put_in_place());
        if (!is_in_place) {
            return std::string("another item of the inode is there");
        }
        return renew_inode();
    }

private:
    bool is_too_new(u64 generation) const { return generation > transaction_->committed().super().generation; }

    /// Its key has no offset.
    Result<bool> put_in_place() {
        const btrfs::Key place = {key_.objectid, type::inode_item, 0};
        if (key_ == place) {
            return true;
        }
        BTRKIT_TRY_ASSIGN(const auto there, tree_->find(place));
        BTRKIT_TRY_ASSIGN(const auto item, tree_->find(key_));
        if (there || !item) {
            return there.has_value() && !item; // it has been put there before
        }
        tree_->put(place, item->body);
        BTRKIT_TRY(tree_->erase(key_));
        return true;
    }

    Result<std::string> renew_inode() {
        const u64 number = key_.objectid;
        const auto has_type = settle_file_type(*tree_, number);
        if (!has_type && has_type.error().kind == ErrorKind::not_found) {
            return has_type.error().message;
        }
        BTRKIT_TRY(has_type);
        BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(*tree_, number));
        BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(*tree_, number));
        auto& item = stored.item();
        const bool has_links_too_many = S_ISDIR(item.mode) && item.nlink > 1;
        if (!*has_type || (has_links_too_many && sums.names != 1)) {
            return *has_type ? "the directory has not one name" : "what kind of file it is can't be told";
        }
        item.nlink = has_links_too_many ? 1 : u32{item.nlink};
        item.transid = is_too_new(item.transid) ? newest_ : u64{item.transid};
        item.generation = is_too_new(item.generation) ? std::min(newest_, u64{item.transid}) : u64{item.generation};
        constexpr u64 flags_of_readers = btrfs::flag_bit(btrfs::inode_ro_flags_shift) - 1;
        item.flags = item.flags & (btrfs::known_flags(btrfs::inode_flag_names) | ~flags_of_readers);
        stored.store(*tree_);
        return std::string();
    }

    Result<std::string> renew_extent_generation() {
        BTRKIT_TRY_ASSIGN(auto item, tree_->find(key_));
        auto* head = item && item->body.size() >= sizeof(btrfs::FileExtentHead)
                         ? reinterpret_cast<btrfs::FileExtentHead*>(item->body.data())
                         : nullptr;
        if (head == nullptr) {
            return std::string(not_known);
        }
        if (is_too_new(head->generation)) {
            BTRKIT_TRY_ASSIGN(head->generation, generation_of_extent(item->body));
            tree_->put(key_, item->body);
        }
        return std::string();
    }

    Result<u64> generation_of_extent(Bytes file_extent) {
        const auto* head = view_at<btrfs::FileExtentHead>(file_extent);
        const auto* range = head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)
                                ? nullptr
                                : view_at<btrfs::FileExtentRange>(file_extent, sizeof(*head));
        if (range == nullptr || range->disk_bytenr == 0) {
            return newest_;
        }
        BTRKIT_TRY_ASSIGN(auto* extents, transaction_->tree(btrfs::extent_tree_id));
        BTRKIT_TRY_ASSIGN(const auto item,
                          extents->find({range->disk_bytenr, type::extent_item, range->disk_num_bytes}));
        const auto* extent = item ? view_at<btrfs::ExtentItem>(item->body) : nullptr;
        return extent == nullptr || is_too_new(extent->generation) ? newest_ : u64{extent->generation};
    }

    Transaction* transaction_;
    TreeBuffer* tree_;
    btrfs::Key key_;
    u64 newest_;
};

/// Of the leaf that a finding was made in: nothing in it is newer.
Result<u64> leaf_generation(const Filesystem& filesystem, const Place& place) {
    if (place.logical) {
        const OwnedBlock leaf(filesystem.reader(), {.address = *place.logical});
        if (leaf.is_proven()) {
            return u64{leaf.block().header().generation};
        }
    }
    return filesystem.super().generation;
}

Result<void> fix_inode_item(Transaction& transaction, const survey::Finding& finding, Round& round) {
    const auto trees = trees_of(transaction, finding);
    if (!trees || !finding.problem.place.key) {
        round.decline(finding, trees ? "the finding does not say of what" : trees.error().message);
        return {};
    }
    BTRKIT_TRY_ASSIGN(const u64 generation, leaf_generation(transaction.committed(), finding.problem.place));
    for (const u64 id : *trees) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
        InodeItemFix fix(transaction, *tree, *finding.problem.place.key, generation);
        BTRKIT_TRY_ASSIGN(auto why_not, fix.make());
        if (!why_not.empty()) {
            round.decline(finding, std::move(why_not));
        }
    }
    return {};
}

} // namespace

Result<void> fix_inode_items(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        BTRKIT_TRY(fix_inode_item(transaction, *finding, round));
    }
    return {};
}

} // namespace btrkit::repair
