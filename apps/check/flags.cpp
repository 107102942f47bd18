// SPDX-License-Identifier: MIT
#include "apps/check/flags.h"

#include "apps/check/exit_status.h"
#include "apps/common/exit_status.h"
#include "apps/common/sizes.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

namespace {

/// What is not an option of its own, but only known until the command line was read.
struct RawFlags {
    std::optional<u64> tree_root;
    std::optional<u64> chunk_root;
    std::optional<u64> memory;
    std::string mode;
    std::string kernel;
    bool rebuilds = false;
    bool drops_log = false;
    bool replays_log = false;
    std::vector<std::string> allowed;
    std::string cache_version;
    bool ignored = false;
};

void declare_reading(CommandLine& line, CheckFlags& flags) {
    line.begin_group("What is checked");
    auto& app = line.app();
    app.add_flag("--check-data-csum", flags.check.check_data_csum, "read all copies of all data too");
    app.add_flag("-Q,--qgroup-report", flags.check.qgroups_only, "count the quota groups, and nothing else");
    line.add_number("-E,--subvol-extents", flags.subvol_extents,
                    "list the extents of a subvolume and who shares them, and nothing else")
        ->option_text("ID");
}

void declare_places(CommandLine& line, CheckFlags& flags, RawFlags& raw) {
    line.begin_group("From where");
    auto& app = line.app();
    line.add_super(flags.open.volume.super_mirror);
    app.add_flag("-b,--backup", flags.open.backup_roots, "take a backup root where a root can't be read");
    line.add_number("-r,--tree-root", raw.tree_root, "take the root of the root tree from this address")
        ->option_text("BYTENR");
    line.add_number("--chunk-root", raw.chunk_root, "take the root of the chunk tree from this address")
        ->option_text("BYTENR");
    line.begin_group("Others");
    line.add_images(flags.images);
    app.add_option("--kernel", raw.kernel, "whose mount is foretold: Linux 6.1, 6.18 or 7.3 (the default)")
        ->option_text("VERSION");
    line.add_size("--memory", raw.memory, "how much to use, roughly; the findings are the same (default 256m)");
    app.add_flag("--force", flags.force, "check a device that is mounted too; it may change meanwhile");
    line.add_format(flags.format);
    line.add_threads(flags.parallelism.threads);
}

void declare_repair(CommandLine& line, CheckFlags& flags, RawFlags& raw) {
    line.begin_group("Repair");
    auto& app = line.app();
    app.add_flag("--repair", flags.repairs, "put right what follows from the rest of the filesystem, in one commit");
    app.add_flag("--plan", flags.plans_only, "say what --repair would do, and write nothing");
    app.add_flag("--replay-log", raw.replays_log,
                 "where a log waits, bring what was synced since the last commit into its place, as a mount does");
    app.add_flag("--drop-log", raw.drops_log, "where a log waits, give up what was synced; it is told");
    app.add_option("--allow", raw.allowed, "also fixes that are guessed or lossy, or those of one code; repeatable")
        ->option_text("GRADE|CODE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--undo", flags.undo_path, "save what btrkit-undo needs to take the repair back")
        ->option_text("FILE");
}

/// False where the word is neither a grade nor a code.
bool allow(repair::Options& options, std::string_view word) {
    for (const auto grade : {repair::Grade::proven, repair::Grade::guessed, repair::Grade::lossy}) {
        if (word == repair::grade_word(grade)) {
            options.allowed.insert(grade);
            return true;
        }
    }
    const auto found = std::ranges::find(problem_catalogue, word, &ProblemInfo::id);
    if (found == problem_catalogue.end()) {
        return false;
    }
    options.allowed_codes.insert(found->code);
    return true;
}

void declare_the_peers(CommandLine& line, RawFlags& raw) {
    line.begin_group("As btrfs check has them");
    auto& app = line.app();
    app.add_flag("--readonly", raw.ignored, "as always: nothing is ever written");
    app.add_option("--mode", raw.mode, "original, orig or lowmem: accepted, changes nothing")->option_text("MODE");
    app.add_flag("-a", raw.ignored, "accepted, changes nothing");
    for (const auto* name : {"--init-csum-tree", "--init-extent-tree"}) {
        app.add_flag(name, raw.rebuilds, "not there yet");
    }
    app.add_option("--clear-space-cache", raw.cache_version, "not there yet")->option_text("v1|v2");
}

/// What contradicts itself or is out of range; empty: all is well.
std::string what_is_wrong(const CheckFlags& flags, const RawFlags& raw) {
    if (raw.rebuilds || !raw.cache_version.empty()) {
        return "it is not there yet; nothing was changed";
    }
    const bool is_repair = flags.repairs || flags.plans_only;
    if (!is_repair && (!raw.allowed.empty() || !flags.undo_path.empty() || raw.drops_log || raw.replays_log)) {
        return "--allow, --replay-log, --drop-log and --undo are for --repair";
    }
    if (raw.drops_log && raw.replays_log) {
        return "--replay-log excludes --drop-log";
    }
    const bool is_otherwise_opened =
        flags.open.backup_roots || flags.open.volume.super_mirror || raw.tree_root || raw.chunk_root;
    if (is_repair && (flags.subvol_extents || flags.check.qgroups_only || flags.check.check_data_csum || flags.force ||
                      is_otherwise_opened)) {
        return "--repair checks all metadata of a filesystem that is not in use, as it stands: no other options of "
               "that";
    }
    if (!raw.mode.empty() && raw.mode != "original" && raw.mode != "orig" && raw.mode != "lowmem") {
        return fmt::format("--mode: '{}' is not one of original, orig or lowmem", raw.mode);
    }
    if (!raw.kernel.empty() && !find_kernel(raw.kernel)) {
        return fmt::format("--kernel: '{}' is not one of {}", raw.kernel, fmt::join(kernel_names, ", "));
    }
    if (flags.subvol_extents && (flags.check.qgroups_only || flags.check.check_data_csum)) {
        return "--subvol-extents excludes --qgroup-report and --check-data-csum";
    }
    if (flags.check.qgroups_only && flags.check.check_data_csum) {
        return "--qgroup-report excludes --check-data-csum";
    }
    return {};
}

int status_of(int shared_status) {
    switch (shared_status) {
    case exit_done: return check_clean;
    case exit_usage: return check_usage;
    default: return check_failed;
    }
}

} // namespace

std::optional<int> read_check_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                    CheckFlags& flags) {
    RawFlags raw;
    declare_reading(line, flags);
    declare_repair(line, flags, raw);
    declare_places(line, flags, raw);
    declare_the_peers(line, raw);
    line.add_progress();
    if (const auto status = line.parse(arguments, io)) {
        return status_of(*status);
    }
    if (const auto wrong = what_is_wrong(flags, raw); !wrong.empty()) {
        return status_of(line.wrong_usage(io, wrong));
    }
    flags.repair.log = raw.replays_log ? repair::WaitingLog::replayed
                       : raw.drops_log ? repair::WaitingLog::dropped
                                       : repair::WaitingLog::refused;
    for (const auto& word : raw.allowed) {
        if (!allow(flags.repair, word)) {
            return status_of(
                line.wrong_usage(io, fmt::format("--allow: '{}' is neither guessed, lossy nor a code", word)));
        }
    }
    const auto as_address = [](std::optional<u64> bytenr) {
        return bytenr ? std::optional(Logical{*bytenr}) : std::nullopt;
    };
    flags.open.tree_root = as_address(raw.tree_root);
    flags.open.chunk_root = as_address(raw.chunk_root);
    flags.check.kernel = find_kernel(raw.kernel).value_or(newest_kernel);
    flags.memory_bytes = raw.memory.value_or(flags.memory_bytes);
    return std::nullopt;
}

} // namespace btrkit::apps
