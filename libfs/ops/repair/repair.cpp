// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/repair.h"

#include "libfs/ops/repair/ground.h"
#include "libfs/ops/repair/judge.h"
#include "libfs/ops/repair/make_fixes.h"
#include "libfs/ops/repair/plan.h"
#include "libfs/replay/replay_log.h"

namespace btrkit::repair {

namespace {

bool is_any_made(const std::vector<Fix>& plan) {
    return std::ranges::any_of(plan, &Fix::is_made);
}

u64 errors_of(const survey::Findings& findings) {
    return findings.count(Severity::error) + findings.count(Severity::fatal);
}

/// What may be done about lost blocks and roots.
std::set<Grade> allowed_of_lost(const Options& options) {
    std::set<Grade> allowed;
    for (const auto grade : {Grade::proven, Grade::guessed, Grade::lossy}) {
        if (is_allowed(options, ProblemCode::block_lost, grade) ||
            is_allowed(options, ProblemCode::root_unreadable, grade)) {
            allowed.insert(grade);
        }
    }
    return allowed;
}

/// Whoever opens the filesystem for the proof is told it again: both sides must have it.
Result<survey::Findings> told_on_opening(const WritableDevices& devices) {
    survey::Findings told;
    BTRKIT_TRY_ASSIGN(const auto opened,
                      commit::open_again(devices, [&](const Problem& problem) { told.add(problem); }));
    return told;
}

/// All findings, those that mended blocks have taken away first.
std::vector<Fix> plan_all(const survey::Findings& before, const Ground& ground, const Options& options) {
    auto plan = ground.view ? mended_fixes(before, ground.findings, *ground.view) : std::vector<Fix>();
    std::ranges::move(make_plan(ground.findings, options), std::back_inserter(plan));
    return plan;
}

/// The first change of a transaction.
Result<void> settle_log(Transaction& transaction, WaitingLog log) {
    if (log == WaitingLog::replayed) {
        const auto replayed = replay::replay_log(transaction);
        return replayed ? Result<void>{}
                        : fail(replayed.error().kind,
                               "the log can't be replayed: " + replayed.error().message + "; --drop-log gives it up");
    }
    replay::drop_log(transaction);
    return {};
}

Result<Transaction> begin_change(const Filesystem& ground, TransactionOptions options, WaitingLog log) {
    options.exceptions.may_be_dump = true;
    options.exceptions.may_lack_device_tree = true; // it is made anew then
    options.exceptions.may_have_log = log != WaitingLog::refused;
    options.bad_items = BadItems::kept; // the judge sees that there are not more of them
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(ground, options));
    if (log != WaitingLog::refused) {
        BTRKIT_TRY(settle_log(transaction, log));
    }
    return transaction;
}

/// What is planned stands on something that is wrong, and that the plan leaves as it is.
void end_without_change(Report& report, const std::string& why) {
    give_up_all(report.plan, why);
    report.log.reset();
}

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options,
                   const TransactionOptions& transaction_options, const commit::Options& commit_options,
                   const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto opening, told_on_opening(devices));
    BTRKIT_TRY_ASSIGN(const auto before, check_all(filesystem, opening, context));
    BTRKIT_TRY_ASSIGN(const auto ground, find_ground(filesystem, before, opening, allowed_of_lost(options), context));
    const u64 errors = errors_of(before.findings);
    Report report{.plan = plan_all(before.findings, ground, options), .commit = {}, .left_count = errors};
    report.commit.old_generation = report.commit.new_generation = filesystem.super().generation;
    if (options.log != WaitingLog::refused) {
        report.log = read_log(filesystem);
    }
    // Each round takes something out of the plan.
    while (is_any_made(report.plan) || report.log) {
        auto begun =
            begin_change(ground.filesystem(), transaction_options, report.log ? options.log : WaitingLog::refused);
        if (!begun && begun.error().kind == ErrorKind::not_found) { // a tree that nothing can do without
            end_without_change(report, begun.error().message);
            break;
        }
        BTRKIT_TRY_ASSIGN(auto transaction, std::move(begun));
        BTRKIT_TRY_ASSIGN(const bool is_whole, make_fixes(transaction, ground, report.plan, options, context));
        if (!is_whole) {
            // Where nothing is left to be made, what failed is what all else stands on.
            report.log = is_any_made(report.plan) ? report.log : std::nullopt;
            continue;
        }
        Judge judge(ground.findings, report.plan, options);
        auto judged = commit_options;
        judged.judge = [&judge](const survey::Findings& after) { return judge(after); };
        auto committed = commit::run(transaction, devices, judged, context);
        if (!committed && judge.needs_another_round) {
            continue;
        }
        const bool is_refused = !committed && (is_about_filesystem(committed.error()) || judge.has_refused);
        if (is_refused) {
            end_without_change(report, committed.error().message);
            break;
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
