// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/make_fixes.h"

#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/plan.h"

namespace btrkit::repair {

namespace {

using MakePart = Result<void> (*)(Transaction& transaction, const FindingList& findings, Round& round);

/// For parts that make good all that they are asked for, or nothing.
template <Result<void> (*make)(Transaction&, const FindingList&)>
Result<void> as_a_whole(Transaction& transaction, const FindingList& findings, Round&) {
    return make(transaction, findings);
}

struct PartStep {
    Part part;
    MakePart make;
};
/// After fix_space(): space is opened by the extents before anything takes of it.
constexpr std::array part_steps = std::to_array<PartStep>({
    {Part::superblock, as_a_whole<fix_superblock>},
    {Part::devices, as_a_whole<fix_devices>},
    {Part::uuid_tree, as_a_whole<fix_uuid_tree>},
    {Part::orphans, as_a_whole<fix_orphans>},
    {Part::root_items, fix_root_items},
    {Part::data_reloc_tree, make_data_reloc_tree},
    {Part::deletions, finish_begun_deletions},
    {Part::astray_items, fix_astray_items},
    {Part::dropped_items, drop_items},
    {Part::top_directories, make_top_directories},
    {Part::root_directory, make_root_directory},
    {Part::missing_inodes, fix_missing_inodes},
    {Part::names, fix_names},
    {Part::guessed_names, guess_names},
    {Part::dropped_names, drop_names},
    {Part::second_names, fix_second_names},
    {Part::inode_items, fix_inode_items},
    {Part::inodes, fix_inodes},
    {Part::lost_inodes, fix_lost_inodes},
    {Part::lost_data, make_holes},
    {Part::subvolumes, fix_subvolumes},
    {Part::moved_subvolumes, move_subvolumes},
    {Part::lost_subvolumes, fix_lost_subvolumes},
    {Part::dropped_entries, drop_entries},
    {Part::subvolume_choices, fix_subvolume_choices},
    {Part::inode_cache, fix_inode_cache},
    {Part::checksums, fix_csums},
    {Part::missing_checksums, as_a_whole<fix_missing_csums>},
    {Part::quota, fix_quota},
});

/// A tree that is begun anew is filled by the part that knows what is in it.
bool concerns(const Fix& fix, Part part) {
    const Part own = fix.row->part;
    switch (part) {
    case Part::space:
        return own == Part::space || own == Part::extents || own == Part::derived_tree || own == Part::blocks;
    case Part::devices:
        return own == part || (own == Part::derived_tree && fix.finding.problem.place.tree == btrfs::dev_tree_id);
    case Part::uuid_tree:
        return own == part || (own == Part::derived_tree && fix.finding.problem.place.tree == btrfs::uuid_tree_id);
    default: return own == part;
    }
}

/// What was declined is tried by the next row of its code, if there is one.
void go_on_without(const Round& round, std::vector<Fix>& plan, const Options& options) {
    for (auto& fix : plan) {
        if (const auto* why = round.why_declined(fix.finding)) {
            choose(fix, next_row(fix), options, *why);
        }
    }
}

/// What mended blocks have taken away asks for nothing more.
FindingList findings_of(const std::vector<Fix>& plan, Part part) {
    FindingList findings;
    for (const auto& fix : plan) {
        if (fix.is_made() && fix.row->part != Part::blocks && concerns(fix, part)) {
            findings.push_back(&fix.finding);
        }
    }
    return findings;
}

FindingList findings_left(const std::vector<Fix>& plan) {
    FindingList left;
    for (const auto& fix : plan) {
        if (!fix.is_made()) {
            left.push_back(&fix.finding);
        }
    }
    return left;
}

bool is_any_left(const std::vector<Fix>& plan, ProblemCode code) {
    return std::ranges::any_of(plan,
                               [&](const Fix& fix) { return !fix.is_made() && fix.finding.problem.code == code; });
}

/// Extents that trees refer to and the extent tree does not have stay so: what follows from it would call them free,
/// and whoever writes next would write over files. False: what would do so is out of the plan now.
bool may_renew_space(std::vector<Fix>& plan) {
    return !is_any_left(plan, ProblemCode::extent_missing) ||
           give_up(
               plan, [](const Fix& fix) { return fix.row->part == Part::space; },
               "what the extent tree does not have would be called free, and files have some of it") == 0;
}

/// False: the part could not be made, and is out of the plan now.
Result<bool> settle_part(std::vector<Fix>& plan, Part part, const Result<void>& made) {
    if (made) {
        return true;
    }
    if (!is_about_filesystem(made.error()) ||
        give_up(plan, [&](const Fix& fix) { return concerns(fix, part); }, made.error().message) == 0) {
        return std::unexpected(made.error());
    }
    return false;
}

/// A conversion to a tree for block groups that is taken back leaves that tree behind.
Result<void> drop_begun_tree(Transaction& transaction, const Ground& ground) {
    const bool is_begun =
        ground.view && ground.view->has_taken_back() && !ground.filesystem().geometry().has_block_group_tree();
    return is_begun ? transaction.drop_tree_if_any(btrfs::block_group_tree_id) : Result<void>();
}

} // namespace

Result<bool> make_fixes(Transaction& transaction, const Ground& ground, std::vector<Fix>& plan, const Options& options,
                        const RunContext& context) {
    if (is_any_left(plan, ProblemCode::dev_extent_bounds) &&
        give_up_all(plan, "chunks lie beyond the end of their device") > 0) {
        return false;
    }
    if (!may_renew_space(plan)) {
        return false;
    }
    if (const auto findings = findings_of(plan, Part::space); !findings.empty() || ground.view) {
        auto made = fix_space(transaction, findings, ground, context);
        if (made) {
            made = drop_begun_tree(transaction, ground);
        }
        if (findings.empty() && !made && is_about_filesystem(made.error())) {
            // The mended blocks themselves can't be put elsewhere, and all else stands on them.
            give_up_all(plan, made.error().message);
            return false;
        }
        BTRKIT_TRY_ASSIGN(const bool is_made, settle_part(plan, Part::space, made));
        if (!is_made) {
            return false;
        }
    }
    for (const auto& [part, make] : part_steps) {
        const auto findings = findings_of(plan, part);
        if (findings.empty()) {
            continue;
        }
        Round round(findings_left(plan), ground.quota_groups, options.now);
        BTRKIT_TRY_ASSIGN(const bool is_made, settle_part(plan, part, make(transaction, findings, round)));
        go_on_without(round, plan, options);
        if (!is_made || round.has_declined()) {
            return false;
        }
    }
    return true;
}

} // namespace btrkit::repair
