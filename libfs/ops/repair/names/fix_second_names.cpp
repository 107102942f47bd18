// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/edit/inode_refs.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/inode_sums.h"
#include "libfs/ops/repair/names/entry_list.h"
#include "libfs/ops/repair/names/name_form.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

/// A directory that several directories have.
class DirectoryNames {
public:
    DirectoryNames(TreeBuffer& tree, u64 number) : tree_(&tree), number_(number) {}

    /// Keeps one name from which the way up leads to the top. Why not, or empty.
    Result<std::string> keep_one() {
        BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(*tree_, number_));
        BTRKIT_TRY_ASSIGN(auto refs, refs_of(*tree_, number_));
        if (!S_ISDIR(stored.item().mode) || refs.size() < 2) {
            return S_ISDIR(stored.item().mode) && stored.item().nlink == 1 ? "" : "it has not several names";
        }
        std::optional<std::size_t> kept;
        for (std::size_t i = 0; i < refs.size() && !kept; ++i) {
            BTRKIT_TRY_ASSIGN(const bool is_reachable, leads_up(refs[i].parent));
            kept = is_reachable ? std::optional(i) : std::nullopt;
        }
        if (!kept) {
            return std::string("none of its names leads to the top");
        }
        refs.erase(refs.begin() + static_cast<std::ptrdiff_t>(*kept));
        for (const auto& ref : refs) {
            BTRKIT_TRY(remove(ref));
        }
        BTRKIT_TRY(renew_name_sums(*tree_, number_));
        return std::string();
    }

private:
    /// Whether the top is above that directory, and ours is not on the way.
    Result<bool> leads_up(u64 directory) {
        constexpr unsigned deepest = 4096;
        for (unsigned depth = 0; depth < deepest && directory != number_; ++depth) {
            if (directory == btrfs::root_dir_inode) {
                return true;
            }
            BTRKIT_TRY_ASSIGN(const auto name, first_inode_name(*tree_, directory));
            if (!name) {
                return false;
            }
            directory = name->dir;
        }
        return false;
    }

    Result<void> remove(const NameForm& ref) {
        for (const auto& key :
             {dir_item_key(ref.parent, ref.name), btrfs::Key{ref.parent, type::dir_index, ref.index}}) {
            BTRKIT_TRY_ASSIGN(const auto item, tree_->find(key));
            const auto rest = item
                                  ? entries_that(*item,
                                                 [&](const NameRecord& record, const btrfs::DirItem*) {
                                                     return record.child != number_ || as_text(record.name) != ref.name;
                                                 })
                                  : std::vector<std::byte>();
            if (item && rest.empty()) {
                BTRKIT_TRY(tree_->erase(key));
            } else if (item) {
                tree_->put(key, rest);
            }
        }
        BTRKIT_TRY(take_inode_ref(*tree_, number_, ref.parent, ref.name));
        return renew_name_sums(*tree_, ref.parent);
    }

    TreeBuffer* tree_;
    u64 number_;
};

} // namespace

Result<void> fix_second_names(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        const auto trees = trees_of(transaction, *finding);
        const auto number = place.key ? std::optional(place.key->objectid) : place.inode;
        if (!trees || !number) {
            round.decline(*finding, trees ? "the finding does not say of which inode" : trees.error().message);
            continue;
        }
        for (const u64 id : *trees) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
            const auto why_not = DirectoryNames(*tree, *number).keep_one();
            if (!why_not && why_not.error().kind != ErrorKind::not_found) {
                return std::unexpected(why_not.error());
            }
            if (!why_not || !why_not->empty()) {
                round.decline(*finding, why_not ? *why_not : why_not.error().message);
            }
        }
    }
    return {};
}

} // namespace btrkit::repair
