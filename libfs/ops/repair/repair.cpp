// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/repair.h"

#include "libfs/ops/check/check.h"
#include "libfs/ops/repair/fixes.h"

#include <random>

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

/// Whether what extents have is all that is used can't be known then, or not all that refers to them was read.
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
    case ProblemCode::item_extent:
    case ProblemCode::item_extent_inline_ref:
    case ProblemCode::item_extent_overlap:
    case ProblemCode::item_extent_ref:
    case ProblemCode::root_unreadable:
    case ProblemCode::extent_missing:
    case ProblemCode::extent_differs:
    case ProblemCode::extent_place:
    case ProblemCode::root_missing:
    case ProblemCode::root_item_differs:
    case ProblemCode::reloc_tree: return true;
    default: return false;
    }
}

/// Why nothing may be changed, whatever it is; empty: it may.
std::string why_nothing(const survey::Findings& findings) {
    for (const auto& finding : findings.all()) {
        if (makes_space_unsure(finding.problem.code)) {
            return fmt::format("nothing can be repaired yet where there is '{}': what space is in use is not sure",
                               problem_info(finding.problem.code).id);
        }
        if (findings.count(finding.problem.code) > survey::Findings::kept_of_each_code) {
            return fmt::format("there are too many of '{}' to know them all", problem_info(finding.problem.code).id);
        }
    }
    return {};
}

/// row: what is to be done about it, or null. before: why a surer row of that code does not do it, or empty.
void choose(Fix& fix, const RepairRow* row, const Options& options, const std::string& before) {
    const auto code = fix.finding.problem.code;
    fix.row = row != nullptr ? row : fix.row;
    if (row == nullptr) {
        fix.why_not = before.empty() ? "there is no repair for it yet" : before;
    } else if (!options.allowed.contains(row->grade) && !options.allowed_codes.contains(code)) {
        fix.why_not = fmt::format("only {}: --allow {} makes it", grade_word(row->grade), problem_info(code).id);
    }
}

std::vector<Fix> make_plan(const survey::Findings& findings, const Options& options) {
    const auto nothing = why_nothing(findings);
    std::vector<Fix> plan;
    for (const auto& finding : findings.all()) {
        const auto code = finding.problem.code;
        if (finding.problem.severity() == Severity::note) {
            continue;
        }
        Fix fix{.finding = finding, .row = find_repair(code)};
        if (!nothing.empty()) {
            fix.why_not = nothing;
        } else {
            choose(fix, fix.row, options, {});
        }
        plan.push_back(std::move(fix));
    }
    return plan;
}

using MakePart = Result<void> (*)(Transaction& transaction, const FindingList& findings, Round& round);

/// A part that makes good all that it is asked for, or nothing.
template <auto make>
Result<void> as_a_whole(Transaction& transaction, const FindingList& findings, Round&) {
    return make(transaction, findings);
}

struct PartStep {
    Part part;
    MakePart make;
};
/// Space is opened by the extents before anything takes of it.
constexpr std::array part_steps = std::to_array<PartStep>({
    {Part::space, as_a_whole<fix_space>},
    {Part::superblock, as_a_whole<fix_superblock>},
    {Part::devices, as_a_whole<fix_devices>},
    {Part::uuid_tree, as_a_whole<fix_uuid_tree>},
    {Part::orphans, as_a_whole<fix_orphans>},
    {Part::names, fix_names},
    {Part::inode_items, fix_inode_items},
    {Part::inodes, fix_inodes},
    {Part::lost_inodes, fix_lost_inodes},
    {Part::subvolumes, fix_subvolumes},
    {Part::lost_subvolumes, fix_lost_subvolumes},
    {Part::inode_cache, fix_inode_cache},
    {Part::checksums, fix_csums},
    {Part::quota, fix_quota},
});

void give_up(std::vector<Fix>& plan, const auto& is_meant, const std::string& why) {
    for (auto& fix : plan) {
        if (fix.is_made() && is_meant(fix)) {
            fix.why_not = why;
        }
    }
}

/// Fixes of the last kind that is still in the plan, in the order in which they are made: where what is made can't be
/// told to come of one of them.
void give_up_last_kind(std::vector<Fix>& plan, const std::string& why) {
    const RepairRow* last = nullptr;
    for (const auto& fix : plan) {
        const bool is_later = fix.is_made() && (last == nullptr || std::pair(fix.row->part, fix.row->code) >=
                                                                       std::pair(last->part, last->code));
        last = is_later ? fix.row : last;
    }
    give_up(plan, [&](const Fix& fix) { return fix.row == last; }, why);
}

bool is_any_made(const std::vector<Fix>& plan) {
    return std::ranges::any_of(plan, &Fix::is_made);
}

/// What was declined is tried by the next row of its code, if there is one.
void go_on_without(const Round& round, std::vector<Fix>& plan, const Options& options) {
    for (auto& fix : plan) {
        if (const auto* why = round.why_declined(fix.finding)) {
            choose(fix, next_repair(*fix.row), options, *why);
        }
    }
}

/// Whether all is made. Otherwise what could not be made is out of the plan now.
Result<bool> make_fixes(Transaction& transaction, const check::Report& checked, std::vector<Fix>& plan,
                        const Options& options) {
    for (const auto& step : part_steps) {
        FindingList findings;
        FindingList left;
        for (const auto& fix : plan) {
            if (!fix.is_made()) {
                left.push_back(&fix.finding);
            } else if (fix.row->part == step.part) {
                findings.push_back(&fix.finding);
            }
        }
        if (findings.empty()) {
            continue;
        }
        Round round(std::move(left), checked.qgroups, options.now);
        const auto made = step.make(transaction, findings, round);
        if (made && !round.has_declined()) {
            continue;
        }
        if (made) {
            go_on_without(round, plan, options);
            return false;
        }
        if (made.error().kind != ErrorKind::damaged && made.error().kind != ErrorKind::not_found) {
            return std::unexpected(made.error());
        }
        give_up(plan, [&](const Fix& fix) { return fix.row->part == step.part; }, made.error().message);
        return false;
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
            aimed[static_cast<std::size_t>(fix.finding.problem.code)] += fix.is_made() ? 1 : 0;
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
            const auto why = fmt::format("the repaired filesystem would have more of '{}'", grown);
            give_up_last_kind(*plan_, why);
            needs_another_round = true;
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
    const check::Options check_options = {.hash_seed = std::random_device{}()};
    const auto checked = check::run(filesystem, std::move(opening), check_options, context);
    if (checked.stopped) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    const u64 errors = errors_of(checked.findings);
    Report report{.plan = make_plan(checked.findings, options), .commit = {}, .left_count = errors};
    report.commit.old_generation = report.commit.new_generation = filesystem.super().generation;
    auto transaction_with_dumps = transaction_options;
    transaction_with_dumps.may_be_dump = true;
    // Each round takes something out of the plan.
    while (is_any_made(report.plan)) {
        BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, transaction_with_dumps));
        BTRKIT_TRY_ASSIGN(const bool is_whole, make_fixes(transaction, checked, report.plan, options));
        if (!is_whole) {
            continue;
        }
        Judge judge(checked.findings, report.plan);
        auto judged = commit_options;
        judged.judge = [&judge](const survey::Findings& after) { return judge(after); };
        auto committed = commit::run(transaction, devices, judged, context);
        if (!committed && committed.error().kind == ErrorKind::bug) {
            // A block that is wrong is never written. It may have been before, where it is not all repaired.
            give_up_last_kind(report.plan, committed.error().message);
            continue;
        }
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
