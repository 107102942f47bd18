// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/repair.h"

#include "libfs/ops/check/check.h"
#include "libfs/ops/repair/blocks/mended_view.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/plan.h"

#include <random>

#include <fmt/format.h>

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
    {Part::astray_items, fix_astray_items},
    {Part::missing_inodes, fix_missing_inodes},
    {Part::names, fix_names},
    {Part::guessed_names, guess_names},
    {Part::dropped_names, drop_names},
    {Part::second_names, fix_second_names},
    {Part::inode_items, fix_inode_items},
    {Part::inodes, fix_inodes},
    {Part::lost_inodes, fix_lost_inodes},
    {Part::subvolumes, fix_subvolumes},
    {Part::lost_subvolumes, fix_lost_subvolumes},
    {Part::subvolume_choices, fix_subvolume_choices},
    {Part::inode_cache, fix_inode_cache},
    {Part::checksums, fix_csums},
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

/// Returns how many.
std::size_t give_up(std::vector<Fix>& plan, const auto& is_meant, const std::string& why) {
    std::size_t count = 0;
    for (auto& fix : plan) {
        if (fix.is_made() && is_meant(fix)) {
            fix.why_not = why;
            ++count;
        }
    }
    return count;
}

/// Fixes of the last kind that is still in the plan, where what is made can't be told to come of one of them. Returns
/// how many. What mended blocks have taken away is not for the plan to give up.
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

/// What was declined is tried by the next row of its code, if there is one.
void go_on_without(const Round& round, std::vector<Fix>& plan, const Options& options) {
    for (auto& fix : plan) {
        if (const auto* why = round.why_declined(fix.finding)) {
            choose(fix, next_repair(*fix.row), options, *why);
        }
    }
}

bool is_any_made(const std::vector<Fix>& plan) {
    return std::ranges::any_of(plan, &Fix::is_made);
}

FindingList findings_of(const std::vector<Fix>& plan, Part part) {
    FindingList findings;
    for (const auto& fix : plan) {
        if (fix.is_made() && concerns(fix, part)) {
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

/// False: the part could not be made, and is out of the plan now.
Result<bool> settle_part(std::vector<Fix>& plan, Part part, const Result<void>& made) {
    if (made) {
        return true;
    }
    const bool is_of_part = made.error().kind == ErrorKind::damaged || made.error().kind == ErrorKind::not_found;
    if (!is_of_part || give_up(plan, [&](const Fix& fix) { return concerns(fix, part); }, made.error().message) == 0) {
        return std::unexpected(made.error());
    }
    return false;
}

/// What the repair stands on: the filesystem, with blocks mended where that could be done.
struct Ground {
    const Filesystem& below;
    std::optional<MendedView> view = {};
    survey::Findings findings; ///< in the filesystem as it is seen here
    std::vector<check::QgroupCount> quota_groups = {};

    const Filesystem& filesystem() const { return view ? view->filesystem() : below; }
    RangeSet mended() const { return view ? view->addresses() : RangeSet{}; }
};

/// Whether all is made. Otherwise what could not be made is out of the plan now.
Result<bool> make_fixes(Transaction& transaction, const Ground& ground, std::vector<Fix>& plan, const Options& options,
                        const RunContext& context) {
    const auto mended = ground.mended();
    if (const auto findings = findings_of(plan, Part::space); !findings.empty() || !mended.empty()) {
        BTRKIT_TRY_ASSIGN(const bool is_made,
                          settle_part(plan, Part::space, fix_space(transaction, findings, mended, context)));
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

/// Compares what a check finds before and after.
class Judge {
public:
    Judge(const survey::Findings& before, std::vector<Fix>& plan) : before_(&before), plan_(&plan) {}

    Result<void> operator()(const survey::Findings& after) {
        std::array<u64, static_cast<std::size_t>(ProblemCode::count_)> aimed{};
        for (const auto& fix : *plan_) {
            // What mended blocks have taken away is not in `before` any more.
            aimed[static_cast<std::size_t>(fix.finding.problem.code)] +=
                fix.is_made() && fix.row->part != Part::blocks ? 1 : 0;
        }
        left_count = 0;
        std::string grown;
        for (const auto& info : problem_catalogue) {
            if (info.severity == Severity::note) {
                continue;
            }
            const u64 is = after.count(info.code);
            const u64 was = before_->count(info.code);
            for (auto& fix : *plan_) {
                fix.is_gone |= !fix.is_made() && is == 0 && fix.finding.problem.code == info.code;
            }
            left_count += is;
            if (is > was) {
                grown = info.id;
            } else if (is + aimed[static_cast<std::size_t>(info.code)] > was) {
                give_up(
                    *plan_, [&](const Fix& fix) { return fix.finding.problem.code == info.code; },
                    "what is known to do does not mend this one");
                needs_another_round = true;
            }
        }
        if (!grown.empty()) {
            // An extent that is dropped may have been somebody's.
            const auto why = fmt::format("the repaired filesystem would have more of '{}'", grown);
            needs_another_round = give_up(
                                      *plan_, [](const Fix& fix) { return fix.row->part == Part::extents; }, why) > 0 ||
                                  give_up_last_kind(*plan_, why) > 0;
            return fail(ErrorKind::refused, why + ", so nothing was written");
        }
        return needs_another_round
                   ? fail(ErrorKind::refused, "a fix does not do what it should, so nothing was written")
                   : Result<void>();
    }

    u64 left_count = 0;
    bool needs_another_round = false;

private:
    const survey::Findings* before_;
    std::vector<Fix>* plan_;
};

u64 errors_of(const survey::Findings& findings) {
    return findings.count(Severity::error) + findings.count(Severity::fatal);
}

/// What is wrong with blocks and their items by themselves, and a mended block may take away.
u64 block_errors_of(const survey::Findings& findings) {
    u64 count = 0;
    for (const auto& info : problem_catalogue) {
        const bool is_of_block =
            info.code >= ProblemCode::block_unreadable && info.code <= ProblemCode::item_raid_stripe;
        count += is_of_block && info.severity != Severity::note ? findings.count(info.code) : 0;
    }
    return count;
}

Result<check::Report> check_all(const Filesystem& filesystem, const survey::Findings& opening,
                                const RunContext& context) {
    auto checked = check::run(filesystem, opening, {.hash_seed = std::random_device{}()}, context);
    if (checked.stopped) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    return checked;
}

/// A view that is no better than what it is laid over is none.
Result<Ground> find_ground(const Filesystem& filesystem, const check::Report& before, const survey::Findings& opening,
                           const RunContext& context) {
    Ground ground{.below = filesystem, .findings = before.findings, .quota_groups = before.qgroups};
    if (block_errors_of(ground.findings) == 0) {
        return ground;
    }
    BTRKIT_TRY_ASSIGN(ground.view, MendedView::find(filesystem, ground.findings, context));
    if (!ground.view) {
        return ground;
    }
    BTRKIT_TRY_ASSIGN(auto with_view, check_all(ground.view->filesystem(), opening, context));
    if (block_errors_of(with_view.findings) < block_errors_of(ground.findings)) {
        std::swap(ground.findings, with_view.findings);
        std::swap(ground.quota_groups, with_view.qgroups);
    } else {
        ground.view.reset();
    }
    return ground;
}

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options,
                   const TransactionOptions& transaction_options, const commit::Options& commit_options,
                   const RunContext& context) {
    survey::Findings opening;
    {
        // What opening told is told again by whoever opens it for the proof, too: both sides must have it.
        BTRKIT_TRY_ASSIGN(const auto again,
                          commit::open_again(devices, [&](const Problem& problem) { opening.add(problem); }));
    }
    BTRKIT_TRY_ASSIGN(const auto before, check_all(filesystem, opening, context));
    BTRKIT_TRY_ASSIGN(const auto ground, find_ground(filesystem, before, opening, context));
    const u64 errors = errors_of(before.findings);
    Report report{.plan = make_plan(ground.findings, options), .commit = {}, .left_count = errors};
    if (ground.view) {
        auto mended = mended_fixes(before.findings, ground.findings);
        report.plan.insert(report.plan.begin(), std::make_move_iterator(mended.begin()),
                           std::make_move_iterator(mended.end()));
    }
    report.commit.old_generation = report.commit.new_generation = filesystem.super().generation;
    auto repair_options = transaction_options;
    repair_options.exceptions.may_be_dump = true;
    repair_options.exceptions.may_lack_device_tree = true; // it is made anew then
    repair_options.bad_items = BadItems::kept;             // the judge sees that there are not more of them
    // Each round takes something out of the plan.
    while (is_any_made(report.plan)) {
        BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(ground.filesystem(), repair_options));
        BTRKIT_TRY_ASSIGN(const bool is_whole, make_fixes(transaction, ground, report.plan, options, context));
        if (!is_whole) {
            continue;
        }
        Judge judge(ground.findings, report.plan);
        auto judged = commit_options;
        judged.judge = [&judge](const survey::Findings& after) { return judge(after); };
        auto committed = commit::run(transaction, devices, judged, context);
        if (!committed && judge.needs_another_round) {
            continue;
        }
        if (!committed) {
            return std::unexpected(committed.error());
        }
        report.commit = std::move(*committed);
        report.left_count = judge.left_count;
        break;
    }
    report.fixed_count = errors - std::min(errors, report.left_count);
    return report;
}

} // namespace btrkit::repair
