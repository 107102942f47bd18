// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/inode_sums.h"
#include "libfs/ops/repair/names/unsure_names.h"

#include "formats/btrfs/item_types.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

void correct(btrfs::InodeItem& item, ProblemCode code, const InodeSums& sums) {
    const bool is_directory = S_ISDIR(item.mode);
    switch (code) {
    case ProblemCode::inode_bytes: item.nbytes = is_directory ? 0 : sums.extent_bytes; break;
    case ProblemCode::inode_size:
        if (is_directory) {
            item.size = sums.entry_name_bytes;
        } else if (S_ISLNK(item.mode)) {
            item.size = sums.inline_bytes;
        }
        break;
    case ProblemCode::inode_flags:
        if (S_ISLNK(item.mode)) {
            item.flags = item.flags & ~(btrfs::inode_immutable | btrfs::inode_append);
        }
        break;
    case ProblemCode::inode_links: item.nlink = static_cast<u32>(sums.names); break;
    default: break;
    }
}

/// Why it can't be: an inode without names needs one, or is to be deleted; a directory has one.
std::string why_not_linked(const btrfs::InodeItem& item, const InodeSums& sums) {
    if (sums.names == 0) {
        return "the inode has no name";
    }
    return S_ISDIR(item.mode) && sums.names > 1 ? "the directory has several names" : "";
}

/// While names are missing or contradict each other, what follows from their number does not follow yet.
bool follows_from_names(ProblemCode code) {
    return code == ProblemCode::inode_links || code == ProblemCode::inode_size;
}

/// Whether what is said of a file's extents stays wrong: then their sum says nothing.
bool has_unsure_extents(const Round& round, u64 tree, u64 inode) {
    return std::ranges::any_of(round.left(), [&](const survey::Finding* finding) {
        const auto& [code, place, detail, refused_by] = finding->problem;
        const bool is_of_extents = code == ProblemCode::item_file_extent || code == ProblemCode::inode_inline ||
                                   code == ProblemCode::item_file_extent_overlap;
        const auto key = place.key.value_or(btrfs::Key{});
        return is_of_extents && place.tree == tree && (place.inode == inode || key.objectid == inode);
    });
}

/// Why it is left as it is; empty: it is right now.
Result<std::string> fix_inode(TreeBuffer& tree, u64 inode, ProblemCode code) {
    auto found = StoredInode::find(tree, inode);
    if (!found && found.error().kind == ErrorKind::not_found) {
        return found.error().message;
    }
    BTRKIT_TRY_ASSIGN(auto stored, std::move(found));
    BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(tree, inode));
    if (code == ProblemCode::inode_links) {
        if (auto why_not = why_not_linked(stored.item(), sums); !why_not.empty()) {
            return why_not;
        }
        BTRKIT_TRY(tree.erase({btrfs::orphan_objectid, btrfs::item_type::orphan_item, inode}));
    }
    correct(stored.item(), code, sums);
    stored.store(tree);
    return std::string();
}

} // namespace

Result<void> fix_inodes(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto trees = trees_of(transaction, *finding);
        if (!trees || !finding->problem.place.inode) {
            round.decline(*finding, trees ? "the finding does not say of what" : trees.error().message);
            continue;
        }
        const u64 inode = *finding->problem.place.inode;
        if (follows_from_names(finding->problem.code) && has_unsure_names(round, *finding->problem.place.tree, inode)) {
            round.decline(*finding, "not all names are sure");
            continue;
        }
        if (finding->problem.code == ProblemCode::inode_bytes &&
            has_unsure_extents(round, *finding->problem.place.tree, inode)) {
            round.decline(*finding, "what extents the file has is not sure");
            continue;
        }
        for (const u64 id : *trees) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
            BTRKIT_TRY_ASSIGN(auto why_not, fix_inode(*tree, inode, finding->problem.code));
            if (!why_not.empty()) {
                round.decline(*finding, std::move(why_not));
            }
        }
    }
    return {};
}

} // namespace btrkit::repair
