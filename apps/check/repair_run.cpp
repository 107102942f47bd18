// SPDX-License-Identifier: MIT
#include "apps/check/repair_run.h"

#include "apps/changing/change_image.h"
#include "apps/check/exit_status.h"
#include "apps/common/exit_status.h"
#include "apps/common/finding_json.h"
#include "apps/common/fresh_values.h"
#include "apps/common/sizes.h"
#include "libfs/base/names.h"
#include "libfs/render/fields_json.h"

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
        text += fmt::format("{} {}, {} {}\n", plural(report.fixed_count, "error"),
                            is_written ? "repaired" : "would be repaired", report.left_count,
                            is_written ? "left" : "would be left");
    }
    return text;
}

std::string_view log_verb(repair::WaitingLog log, bool is_written) {
    if (log == repair::WaitingLog::replayed) {
        return is_written ? "is in its place" : "would be in its place";
    }
    return is_written ? "went with the log" : "would go with the log";
}

/// What the log has and what becomes of it, a line each.
std::string log_text(const repair::LoggedInodes& log, std::string_view verb) {
    std::string text;
    for (const auto& inode : log.inodes) {
        text += fmt::format("{}: what was synced of inode {} of subvolume {}", verb, inode.inode, inode.tree);
        text += inode.name.empty() ? "\n" : fmt::format(", \"{}\"\n", printable(inode.name));
    }
    text += log.has_more ? fmt::format("{}: what was synced of more inodes\n", verb) : "";
    text += log.is_whole ? "" : fmt::format("{}: what can't be read of it\n", verb);
    return text.empty() ? fmt::format("{}: nothing, the log is empty\n", verb) : text;
}

Json log_json(const repair::LoggedInodes& log) {
    Json inodes = Json::array();
    for (const auto& inode : log.inodes) {
        Json entry{{"tree", inode.tree}, {"tree_name", objectid_name_json(inode.tree)}, {"inode", inode.inode}};
        set_text(entry, "name", inode.name);
        inodes.push_back(std::move(entry));
    }
    return {{"inodes", std::move(inodes)}, {"has_more", log.has_more}, {"is_whole", log.is_whole}};
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
                for (const auto& [name, log] : {std::pair("dropped_log", repair::WaitingLog::dropped),
                                                std::pair("replayed_log", repair::WaitingLog::replayed)}) {
                    document[name] = report.log && options.log == log ? log_json(*report.log) : Json();
                }
                document["errors_fixed"] = report.fixed_count;
                document["errors_left"] = report.left_count;
            },
        .text =
            [&] {
                const bool is_written = report.commit.is_committed;
                return plan_text(report, is_written) +
                       (report.log ? log_text(*report.log, log_verb(options.log, is_written)) : "");
            },
        .nothing_text =
            [&] {
                return report.plan.empty() && !report.log     ? "nothing was written: nothing is wrong\n"
                       : report.fixed_count > 0 || report.log ? "nothing was written: this is the plan\n"
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
