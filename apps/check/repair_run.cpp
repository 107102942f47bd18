// SPDX-License-Identifier: MIT
#include "apps/check/repair_run.h"

#include "apps/changing/change_image.h"
#include "apps/check/exit_status.h"
#include "apps/common/exit_status.h"
#include "apps/common/finding_json.h"
#include "apps/common/fresh_values.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr Document repair_document{.tool = "btrkit-check", .name = "check-repair"};

/// Those of one kind with one fate are one paragraph: what is found, and what becomes of it.
std::string plan_text(const repair::Report& report, bool is_written) {
    std::string text;
    for (const auto& fix : report.plan) {
        text += describe(fix.finding.problem) + "\n";
        if (fix.is_made()) {
            text += fmt::format("  {}, {}: {}\n", is_written ? "repaired" : "would be repaired",
                                repair::grade_word(fix.row->grade), fix.row->action);
        } else if (fix.is_gone) {
            text += fmt::format("  {} with the others\n", is_written ? "gone" : "would be gone");
        } else {
            text += fmt::format("  left as it is: {}\n", fix.why_not);
        }
    }
    if (!report.plan.empty()) {
        text += fmt::format("{} errors {}, {} {}\n", report.fixed_count, is_written ? "repaired" : "would be repaired",
                            report.left_count, is_written ? "left" : "would be left");
    }
    return text;
}

Json plan_json(const repair::Report& report) {
    Json plan = Json::array();
    for (const auto& fix : report.plan) {
        Json entry;
        entry["finding"] = finding_json(fix.finding);
        entry["grade"] = fix.row == nullptr ? Json() : Json(repair::grade_word(fix.row->grade));
        entry["action"] = fix.row == nullptr ? Json() : Json(fix.row->action);
        entry["is_made"] = fix.is_made();
        entry["why_not"] = fix.is_made() || fix.is_gone ? Json() : Json(fix.why_not);
        plan.push_back(std::move(entry));
    }
    return plan;
}

int repair_status(const repair::Report& report) {
    const int corrected = report.commit.is_committed ? check_corrected : check_clean;
    const bool has_left = report.commit.is_committed ? report.left_count > 0 : !report.plan.empty();
    return corrected | (has_left ? check_damaged : check_clean);
}

} // namespace

int run_repair(const CommandLine& line, Io& io, const CheckFlags& flags) {
    const WriteFlags write = {.images = flags.images,
                              .format = flags.format,
                              .parallelism = flags.parallelism,
                              .dry_run = flags.plans_only,
                              .undo_path = flags.undo_path,
                              .memory_bytes = flags.memory_bytes};
    auto options = flags.repair;
    options.now = current_time();
    repair::Report report;
    bool was_cancelled = false;
    const ImageChange change = {
        .document = repair_document,
        .run = [&](const ChangeInputs& inputs) -> Result<commit::Report> {
            auto done = repair::run(inputs.filesystem, inputs.devices, options, inputs.transaction, inputs.commit,
                                    inputs.context);
            if (!done) {
                was_cancelled = done.error().kind == ErrorKind::cancelled;
                return std::unexpected(done.error());
            }
            report = std::move(*done);
            return report.commit;
        },
        .add_members =
            [&](Json& document) {
                document["plan"] = plan_json(report);
                document["errors_fixed"] = report.fixed_count;
                document["errors_left"] = report.left_count;
            },
        .text = [&] { return plan_text(report, report.commit.is_committed); },
        .nothing_text =
            [&] {
                return report.plan.empty()      ? "nothing was written: nothing is wrong\n"
                       : report.fixed_count > 0 ? "nothing was written: this is the plan\n"
                                                : "nothing was written: nothing of it can be repaired\n";
            },
    };
    const int status = change_image(line, io, write, change);
    if (status != exit_done) {
        return was_cancelled ? check_failed | check_cancelled : check_failed;
    }
    return repair_status(report);
}

} // namespace btrkit::apps
