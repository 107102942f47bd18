// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/plan.h"

#include "libfs/ops/repair/lost/replace_lost.h"
#include "libfs/ops/repair/names/root_directory.h"

#include <map>

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

/// What is used can't be known then, not even from all trees together.
bool makes_space_unsure(ProblemCode code) {
    switch (code) {
    case ProblemCode::sys_array:
    case ProblemCode::chunk_item:
    case ProblemCode::chunk_overlap:
    case ProblemCode::chunk_missing:
    case ProblemCode::dev_extent_bounds:
    case ProblemCode::device_truncated:
    case ProblemCode::block_lost:
    case ProblemCode::block_not_written:
    case ProblemCode::block_copies_differ:
    case ProblemCode::block_reused:
    case ProblemCode::item_root:
    case ProblemCode::root_unreadable:
    case ProblemCode::root_missing:
    case ProblemCode::root_item_differs:
    case ProblemCode::reloc_tree: return true;
    default: return false;
    }
}

/// Derived trees of which something is lost in all copies, or was never written as it stands there.
std::set<u64> lost_trees(const survey::Findings& findings) {
    std::set<u64> trees;
    for (const auto& finding : findings.all()) {
        const auto tree = finding.problem.place.tree;
        const auto code = finding.problem.code;
        const bool is_lost = code == ProblemCode::block_lost || code == ProblemCode::block_not_written ||
                             code == ProblemCode::block_flags;
        if (is_lost && tree && is_derived_tree(*tree)) {
            trees.insert(*tree);
        }
    }
    return trees;
}

/// Whether a root item is under a key that its tree can't have: then the blocks of that tree are nobody's.
bool has_impossible_root_key(const Problem& problem) {
    const auto& key = problem.place.key;
    return problem.code == ProblemCode::item_root &&
           (!key || key->objectid == 0 || key->objectid == btrfs::tree_reloc_id ||
            (!is_subvolume(key->objectid) && key->offset != 0));
}

/// Where another copy of a block is good, that is no reason for making its tree anew. What can be mended of blocks
/// was mended before.
const RepairRow* row_of(const Problem& problem, const std::set<u64>& lost) {
    if (problem.code == ProblemCode::root_unreadable && problem.place.tree == btrfs::data_reloc_tree_id &&
        !problem.place.logical) {
        return &data_reloc_row; // not that it can't be read: there is none
    }
    const auto* row = has_impossible_root_key(problem) ? nullptr : find_repair(problem.code, problem.place.tree);
    if (row != nullptr && row->part == Part::blocks) {
        return nullptr;
    }
    if (problem.code == ProblemCode::item_misplaced && !problem.place.tree) {
        return find_repair(ProblemCode::sys_array_differs, std::nullopt); // it stands in the array of the superblock
    }
    if (problem.code == ProblemCode::root_dir && !problem.place.logical) {
        return next_repair(*row); // nothing is left that could be put right
    }
    const bool is_of_copy =
        problem.code >= ProblemCode::block_unreadable && problem.code <= ProblemCode::leaf_item_overlap;
    if (row == nullptr && is_about_root_directory(problem)) {
        return &root_directory_row;
    }
    return row != nullptr && row->part == Part::derived_tree && is_of_copy && !lost.contains(*problem.place.tree)
               ? nullptr
               : row;
}

/// It is about what files and directories of that subvolume say, not about where they are.
bool goes_with(const Problem& problem, const RepairRow* row, const std::set<u64>& going) {
    return problem.code >= ProblemCode::item_size && problem.place.tree && going.contains(*problem.place.tree) &&
           (row == nullptr || row->part >= Part::astray_items) && !makes_space_unsure(problem.code);
}

/// What is made as a whole does not ask which finding wanted it. But an extent that nobody refers to may be what a file
/// has lost.
bool must_be_known(const RepairRow& row) {
    switch (row.part) {
    case Part::derived_tree:
    case Part::space:
    case Part::devices:
    case Part::missing_checksums:
    case Part::uuid_tree: return false;
    case Part::extents:
        return row.code == ProblemCode::extent_unreferenced || row.code == ProblemCode::extent_ref_unfounded;
    default: return true;
    }
}

/// It goes with the log.
bool is_about_log(const Problem& problem, const Options& options) {
    return options.log != WaitingLog::refused && problem.place.tree == btrfs::tree_log_id;
}

/// Why nothing may be changed, whatever it is; empty: it may.
std::string why_nothing(const survey::Findings& findings, const std::set<u64>& lost, const Options& options) {
    for (const auto& finding : findings.all()) {
        const auto code = finding.problem.code;
        if (is_about_log(finding.problem, options)) {
            continue;
        }
        const auto* row = row_of(finding.problem, lost);
        if (row == nullptr && makes_space_unsure(code)) {
            return fmt::format("nothing can be repaired yet where there is '{}': what space is in use is not sure",
                               problem_info(code).id);
        }
        if (findings.count(code) > survey::Findings::kept_of_each_code && (row == nullptr || must_be_known(*row))) {
            return fmt::format("there are too many of '{}' to know them all", problem_info(code).id);
        }
    }
    return {};
}

/// The row of that code and grade.
const RepairRow* row_of_grade(ProblemCode code, Grade grade) {
    const auto* row = std::ranges::find_if(repair_table, [&](const RepairRow& one) {
        return one.code == code && one.part == Part::blocks && one.grade == grade;
    });
    return row != repair_table.end() ? row : nullptr;
}

/// What has taken findings away before anything was planned.
class MendedRows {
public:
    explicit MendedRows(const MendedView& mended) : mended_(&mended) {
        for (const auto& block : mended.blocks()) {
            unsurest_ = std::max(unsurest_, block.grade);
            grades_[block.address.bytenr] = block.grade;
        }
        for (const auto& [tree, grade] : mended.roots()) {
            unsurest_ = std::max(unsurest_, grade);
        }
    }

    /// What is neither about a block that was mended nor about a tree that begins elsewhere may have gone with any.
    const RepairRow* of(const Problem& problem) const {
        const auto& place = problem.place;
        if (problem.code == ProblemCode::mount_refused && mended_->has_taken_back()) {
            return row_of_grade(problem.code, Grade::proven);
        }
        const bool is_of_array = problem.code == ProblemCode::sys_array || problem.code == ProblemCode::chunk_item;
        const auto tree = is_of_array && !place.tree ? std::optional(btrfs::chunk_tree_id) : place.tree;
        const auto root = tree ? mended_->roots().find(*tree) : mended_->roots().end();
        if (root != mended_->roots().end()) {
            return row_of_root(root->first, root->second);
        }
        const auto block = place.logical ? grades_.find(place.logical->bytenr) : grades_.end();
        return row_of_grade(ProblemCode::block_lost, block == grades_.end() ? unsurest_ : block->second);
    }

private:
    static const RepairRow* row_of_root(u64 tree, Grade grade) {
        const bool is_array_right = tree == btrfs::chunk_tree_id && grade == Grade::proven;
        const auto* row = row_of_grade(is_array_right ? ProblemCode::sys_array : ProblemCode::root_unreadable, grade);
        return row != nullptr ? row : row_of_grade(ProblemCode::block_lost, grade);
    }

    const MendedView* mended_;
    Grade unsurest_ = Grade::proven;
    std::map<u64, Grade> grades_; ///< of blocks, by address
};

/// A lost block is still there: because nothing of that kind is allowed, or because it was not enough.
void choose_for_lost(Fix& fix, const Options& options) {
    const auto tree = fix.finding.problem.place.tree;
    if (!tree || !may_be_replaced(*tree)) {
        return;
    }
    const bool has_guessed = is_allowed(options, ProblemCode::block_lost, Grade::guessed);
    choose(fix, row_of_grade(ProblemCode::block_lost, has_guessed ? Grade::lossy : Grade::guessed), options, {});
    if (fix.why_not.empty()) {
        fix.why_not = "not enough of its tree is left";
    }
}

/// The root of a tree is still not found.
void choose_for_root(Fix& fix, const Options& options) {
    choose(fix, row_of_grade(ProblemCode::root_unreadable, Grade::guessed), options, {});
    if (fix.why_not.empty()) {
        fix.why_not = "no block was found that can be the root of that tree";
    }
}

} // namespace

bool is_allowed(const Options& options, ProblemCode code, Grade grade) {
    return options.allowed.contains(grade) || options.allowed_codes.contains(code);
}

std::set<u64> subvolumes_that_go(const survey::Findings& findings) {
    std::set<u64> going;
    for (const auto& finding : findings.all()) {
        if (finding.problem.code == ProblemCode::root_dropping && finding.problem.place.key) {
            going.insert(finding.problem.place.key->objectid);
        }
    }
    return going;
}

const RepairRow* next_row(const Fix& fix) {
    if (fix.row == &root_directory_row || fix.row == &deletion_row || fix.row == &data_reloc_row) {
        return nullptr;
    }
    const auto* next = next_repair(*fix.row);
    const bool is_surer = next != nullptr && next->grade == Grade::proven;
    return is_about_root_directory(fix.finding.problem) && !is_surer ? &root_directory_row : next;
}

void choose(Fix& fix, const RepairRow* row, const Options& options, const std::string& before) {
    const auto code = fix.finding.problem.code;
    fix.row = row != nullptr ? row : fix.row;
    if (row == nullptr) {
        fix.why_not = before.empty() ? "there is no repair for it yet" : before;
    } else if (!is_allowed(options, code, row->grade)) {
        fix.why_not = fmt::format("only {}: --allow {} makes it", grade_word(row->grade), problem_info(code).id);
    }
}

std::vector<Fix> make_plan(const survey::Findings& findings, const Options& options) {
    const auto lost = lost_trees(findings);
    const auto nothing = why_nothing(findings, lost, options);
    const auto going = subvolumes_that_go(findings);
    std::vector<Fix> plan;
    for (const auto& finding : findings.all()) {
        if (finding.problem.severity() == Severity::note) {
            continue;
        }
        Fix fix{.finding = finding, .row = row_of(finding.problem, lost)};
        if (goes_with(finding.problem, fix.row, going)) {
            fix.row = &deletion_row;
        }
        if (is_about_log(finding.problem, options)) {
            fix.row = &log_row;
        } else if (!nothing.empty()) {
            fix.why_not = nothing;
            fix.row = fix.row == &data_reloc_row ? nullptr : fix.row; // its root may be found, if that is allowed
        } else {
            choose(fix, fix.row, options, {});
        }
        if (fix.row == nullptr && finding.problem.code == ProblemCode::block_lost) {
            choose_for_lost(fix, options);
        } else if (fix.row == nullptr && finding.problem.code == ProblemCode::root_unreadable) {
            fix.why_not.clear();
            choose_for_root(fix, options);
        }
        plan.push_back(std::move(fix));
    }
    return plan;
}

std::vector<Fix> mended_fixes(const survey::Findings& before, const survey::Findings& after, const MendedView& mended) {
    std::set<std::string> left;
    for (const auto& finding : after.all()) {
        left.insert(describe(finding.problem));
    }
    const MendedRows rows(mended);
    std::vector<Fix> fixes;
    for (const auto& finding : before.all()) {
        if (finding.problem.severity() != Severity::note && !left.contains(describe(finding.problem))) {
            fixes.push_back({.finding = finding, .row = rows.of(finding.problem)});
        }
    }
    return fixes;
}

std::size_t give_up_last_kind(std::vector<Fix>& plan, const std::string& why) {
    const RepairRow* last = nullptr;
    for (const auto& fix : plan) {
        const bool is_later =
            fix.is_made() && fix.row->part != Part::blocks &&
            (last == nullptr || std::pair(fix.row->part, fix.row->code) >= std::pair(last->part, last->code));
        last = is_later ? fix.row : last;
    }
    return give_up(plan, [&](const Fix& fix) { return fix.row == last; }, why);
}

} // namespace btrkit::repair
