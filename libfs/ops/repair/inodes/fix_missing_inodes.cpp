// SPDX-License-Identifier: MIT
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/entries_to.h"
#include "libfs/ops/repair/inodes/file_type.h"
#include "libfs/ops/repair/inodes/lost_and_found.h"
#include "libfs/ops/repair/names/tree_names.h"
#include "libfs/tree/csum_key.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr u32 any_permissions = 0777;
constexpr u32 careful_permissions = 0600;
constexpr u32 careful_directory_permissions = 0700;

/// What file extents say of their inode.
struct DataFacts {
    u64 end = 0;
    bool lacks_csums = false;
};

class MissingInode {
public:
    MissingInode(Transaction& transaction, TreeBuffer& tree, u64 number)
        : transaction_(&transaction), tree_(&tree), number_(number) {}

    /// Why it is left as it is; empty: there is an inode item now. entry: what entries say that no reference names.
    Result<std::string> make(btrfs::FileType entry, Time now) {
        BTRKIT_TRY_ASSIGN(const auto there, tree_->first_from({number_, 0, 0}));
        if (!there || there->key.objectid != number_) {
            return std::string("nothing of the inode is left");
        }
        if (there->key.type == type::inode_item) {
            return std::string();
        }
        BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(*tree_, number_));
        BTRKIT_TRY_ASSIGN(const auto data, facts_of_data());
        Inode inode;
        inode.number = number_;
        inode.generation = inode.transid = transaction_->generation();
        inode.nlink = std::max<u32>(1, static_cast<u32>(sums.names));
        inode.size = sums.has_entries ? sums.entry_name_bytes : data.end;
        inode.nbytes = sums.extent_bytes;
        inode.flags = data.lacks_csums ? btrfs::inode_nodatasum : 0;
        inode.mode = any_permissions; // what kind of file it is comes next
        inode.atime = inode.ctime = inode.mtime = inode.otime = now;
        put(inode);
        BTRKIT_TRY_ASSIGN(const bool has_type, settle_file_type(*tree_, number_, entry));
        if (has_type) {
            return give_permissions();
        }
        // Nothing says that it was anything else. What is in it is in a file then, a symlink's target too.
        BTRKIT_TRY_ASSIGN(const bool can_be_file, settle_file_type(*tree_, number_, btrfs::FileType::regular));
        if (!can_be_file) {
            BTRKIT_TRY(tree_->erase({number_, type::inode_item, 0}));
            return std::string("what kind of file it was can't be told");
        }
        return give_permissions();
    }

private:
    void put(const Inode& inode) {
        const auto item = inode_item_of(inode);
        tree_->put({number_, type::inode_item, 0}, as_bytes_of(item));
    }

    Result<std::string> give_permissions() {
        BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(*tree_, number_));
        auto& item = stored.item();
        const u32 file_type = item.mode & S_IFMT;
        if (!S_ISLNK(file_type)) { // their permissions mean nothing
            item.mode = file_type | (S_ISDIR(file_type) ? careful_directory_permissions : careful_permissions);
        }
        stored.store(*tree_);
        return std::string();
    }

    Result<DataFacts> facts_of_data() {
        DataFacts facts;
        BTRKIT_TRY(for_each_item(*tree_, KeyRange::items_of(number_, type::extent_data),
                                 [&](const BufferedItem& item) { return add(facts, item); }));
        return facts;
    }

    Result<void> add(DataFacts& facts, const BufferedItem& item) {
        const auto* head = view_at<btrfs::FileExtentHead>(item.body);
        if (head == nullptr) {
            return {};
        }
        if (head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
            facts.end = std::max(facts.end, item.key.offset + head->ram_bytes);
            return {};
        }
        const auto* range = view_at<btrfs::FileExtentRange>(item.body, sizeof(*head));
        if (range == nullptr) {
            return {};
        }
        facts.end = std::max(facts.end, item.key.offset + range->num_bytes);
        if (range->disk_bytenr != 0 && head->type == static_cast<u8>(btrfs::FileExtentType::regular)) {
            const u64 first = range->disk_bytenr + (head->compression == 0 ? u64{range->offset} : 0);
            BTRKIT_TRY_ASSIGN(const bool has_csums, has_csum(first));
            facts.lacks_csums = facts.lacks_csums || !has_csums;
        }
        return {};
    }

    Result<bool> has_csum(u64 bytenr) {
        BTRKIT_TRY_ASSIGN(auto* csums, transaction_->tree(btrfs::csum_tree_id));
        BTRKIT_TRY_ASSIGN(const auto item, csums->last_up_to(csum_key(bytenr)));
        const auto& geometry = transaction_->geometry();
        return item && item->key.type == type::extent_csum &&
               (bytenr - item->key.offset) / geometry.sectorsize < item->body.size() / geometry.csum_size_bytes;
    }

    Transaction* transaction_;
    TreeBuffer* tree_;
    u64 number_;
};

/// The inode that has items, but no inode item.
std::optional<u64> missing_inode_of(const survey::Finding& finding) {
    const auto& place = finding.problem.place;
    if (finding.problem.code == ProblemCode::item_orphaned) {
        return place.key ? std::optional(place.key->objectid) : std::nullopt;
    }
    return place.inode;
}

class MissingInodes {
public:
    MissingInodes(Transaction& transaction, Round& round) : transaction_(&transaction), round_(&round) {}

    Result<void> ask(const survey::Finding& finding) {
        const auto trees = trees_of(*transaction_, finding);
        const auto number = missing_inode_of(finding);
        if (!trees || !number) {
            round_->decline(finding, trees ? "the finding does not say of which inode" : trees.error().message);
            return {};
        }
        for (const u64 id : *trees) {
            inodes_[id].insert(*number);
            requests_.push_back({&finding, id, *number});
        }
        return {};
    }

    /// Inodes that are missing, with the names that are left of them; without any, in lost+found.
    Result<void> make() {
        for (const auto& [id, inodes] : inodes_) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(id));
            BTRKIT_TRY_ASSIGN(auto entries, find_entries_to(*tree, inodes));
            TreeNames names(*tree, transaction_->geometry(), transaction_->generation(), TreeNames::Sureness::one_form);
            for (const u64 number : inodes) {
                const auto& told = entries[number];
                MissingInode missing(*transaction_, *tree, number);
                BTRKIT_TRY_ASSIGN(why_not_[std::pair(id, number)], missing.make(told.file_type, round_->now()));
                names.ask_about(number, told.directories);
            }
            BTRKIT_TRY(names.settle());
            for (const u64 number : inodes) {
                BTRKIT_TRY(keep_if_nameless(*transaction_, {.tree = id, .inode = number}, round_->now()));
            }
        }
        for (const auto& [finding, id, number] : requests_) {
            if (const auto& why_not = why_not_[std::pair(id, number)]; !why_not.empty()) {
                round_->decline(*finding, why_not);
            }
        }
        return {};
    }

private:
    struct Request {
        const survey::Finding* finding;
        u64 tree;
        u64 inode;
    };

    Transaction* transaction_;
    Round* round_;
    std::vector<Request> requests_;
    std::map<u64, std::set<u64>> inodes_; ///< by tree
    std::map<std::pair<u64, u64>, std::string> why_not_;
};

} // namespace

Result<void> fix_missing_inodes(Transaction& transaction, const FindingList& findings, Round& round) {
    MissingInodes missing(transaction, round);
    for (const auto* finding : findings) {
        BTRKIT_TRY(missing.ask(*finding));
    }
    return missing.make();
}

} // namespace btrkit::repair
