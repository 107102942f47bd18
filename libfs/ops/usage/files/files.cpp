// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/files.h"

#include "libfs/ops/usage/files/files_scan.h"
#include "libfs/ops/usage/files/path_account.h"
#include "libfs/ops/usage/files/subvolume_account.h"
#include "libfs/survey/naming/paths.h"
#include "libfs/survey/read_roots.h"

namespace btrkit::usage {

using namespace survey;

namespace {

/// Everything that measure_files() has in hand.
class Measure {
public:
    Measure(Survey& survey, const FilesOptions& options, const FileTrees& trees, TreeSets& sets)
        : survey_(survey), options_(options), trees_(trees), sets_(sets), most_fragmented_(options.most_worst),
          waste_(survey.run.memory_bytes / 8 / bytes_a_wasteful_file) {}

    Result<FilesReport> run() {
        BTRKIT_TRY_ASSIGN(const auto sharing, BlockSharing::measure(survey_, trees_, sets_));
        if (options_.paths.empty()) {
            SubvolumeAccount account(trees_, sets_, most_fragmented_);
            BTRKIT_TRY(scan(sharing, account, nullptr));
            report_.all = account.of_all();
            report_subvolumes(account.of_trees(), sharing);
        } else {
            BTRKIT_TRY_ASSIGN(auto asked, find_asked_files(survey_.filesystem, trees_, options_, survey_.run));
            PathAccount account(asked, options_.paths.size(), sets_, most_fragmented_);
            BTRKIT_TRY(scan(sharing, account, &account));
            report_paths(account, asked);
        }
        name_worst();
        report_.is_complete &= survey_.roots.complete && report_.lost_block_count == 0;
        return std::move(report_);
    }

private:
    static constexpr u64 bytes_a_wasteful_file = 64;

    Result<void> scan(const BlockSharing& sharing, Account& account, PathAccount* path_account) {
        FilesScan scan(survey_, trees_, sets_, sharing);
        const std::size_t most_refs = std::max<std::size_t>(2, survey_.run.memory_bytes / 2 / sizeof(DataRef));
        for (u64 from = 0; from != RefWindow::no_end;) {
            survey_.run.progress.begin_phase("files", 0, ProgressUnit::bytes);
            RefWindow window(most_refs, from);
            scan.begin_pass(window, from == 0 ? &account : nullptr, path_account);
            SparseBits visited;
            scan_blocks(survey_, trees_.roots, {.shares = true, .thorough = false, .visited = &visited}, scan);
            if (survey_.run.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            account_extents(window, account);
            if (sets_.sets().has_overflowed()) {
                return fail(ErrorKind::damaged, "subvolumes share in too many ways for the memory that may be used");
            }
            from = window.end();
            ++report_.pass_count;
        }
        report_.lost_block_count = scan.lost_count();
        return {};
    }

    void account_extents(RefWindow& window, Account& account) {
        survey_.run.progress.begin_phase("extents", 0, ProgressUnit::items);
        ExtentGroups groups(window.settled(), sets_.sets());
        while (const auto extent = groups.next()) {
            account.accept(*extent);
            if (extent->unseen_bytes != 0) {
                const auto& ref = extent->refs.front();
                ++report_.partly_seen_extents;
                report_.wasted_bytes += extent->wasted_bytes();
                waste_.add({.root = sets_.members(ref.roots).front(), .inode = ref.inode}, extent->wasted_bytes());
            }
        }
    }

    void report_subvolumes(std::vector<FileUse> uses, const BlockSharing& sharing) {
        const auto& sets = sets_.sets();
        const auto member_counts = sets.member_counts();
        auto alone = sharing.bytes();
        alone.resize(sets.part_count());
        for (std::size_t set = 0; set < alone.size(); ++set) {
            alone[set] = member_counts[set] == 1 ? alone[set] : 0;
        }
        const auto metadata = sets.sum_by_root(sharing.bytes());
        const auto sole_metadata = sets.sum_by_root(std::move(alone));
        LimitedCache cache(survey_.filesystem.reader(), cache_bytes);
        Paths paths(survey_.roots, cache);
        for (u32 number = 0; number < trees_.count(); ++number) {
            const auto& record = *trees_.records[number];
            if (record.is_subvolume()) {
                report_.subvolumes.push_back(
                    {.id = record.id(),
                     .path = record.is_dropping() ? std::string() : paths.of_subvolume(record.id()),
                     .use = uses[number],
                     .metadata_bytes = metadata[number],
                     .sole_metadata_bytes = sole_metadata[number]});
            }
        }
    }

    void report_paths(PathAccount& account, AskedFiles& asked) {
        const auto uses = account.of_paths();
        for (std::size_t path = 0; path < uses.size(); ++path) {
            report_.paths.push_back({.path = options_.paths[path], .use = uses[path]});
        }
        report_.all = account.of_all();
        // What is in a directory stands before it.
        auto line_uses = account.of_lines();
        for (std::size_t line = 0; line < asked.lines.size(); ++line) {
            auto& asked_line = asked.lines[line];
            const auto& use = line_uses[line];
            if (asked_line.parent != AskedLine::no_parent) {
                line_uses[asked_line.parent].total_bytes += use.total_bytes;
                line_uses[asked_line.parent].shared_bytes += use.shared_bytes;
            }
            report_.lines.push_back({.path = std::move(asked_line.path),
                                     .is_directory = asked_line.is_directory,
                                     .total_bytes = use.total_bytes,
                                     .exclusive_bytes = use.total_bytes - use.shared_bytes});
        }
        report_.path_errors = std::move(asked.errors);
        report_.is_complete &= asked.is_complete;
    }

    void name_worst() {
        LimitedCache cache(survey_.filesystem.reader(), cache_bytes);
        Paths paths(survey_.roots, cache);
        const auto name = [&](const FileScore& file) {
            const auto& record = *trees_.records[file.file.root];
            auto names = paths.of_inode(record, file.file.inode);
            return WorstFile{.tree = record.id(),
                             .subvolume = record.is_dropping() ? std::string() : paths.of_subvolume(record.id()),
                             .path = names.empty() ? std::string() : std::move(names.front()),
                             .inode = file.file.inode,
                             .bytes = file.bytes};
        };
        for (const auto& file : most_fragmented_.sorted()) {
            report_.most_fragmented.push_back(name(file));
            report_.most_fragmented.back().fragment_count = file.score;
        }
        for (const auto& file : waste_.worst(options_.most_worst)) {
            report_.most_wasteful.push_back(name(file));
        }
    }

    static constexpr u64 cache_bytes = u64{16} << 20;

    Survey& survey_;
    const FilesOptions& options_;
    const FileTrees& trees_;
    TreeSets& sets_;
    WorstFiles most_fragmented_;
    FileScores waste_;
    FilesReport report_;
};

} // namespace

Result<FilesReport> measure_files(const Filesystem& filesystem, const FilesOptions& options,
                                  const RunContext& context) {
    Findings findings;
    Survey survey{.filesystem = filesystem, .run = context, .findings = findings, .references = ReferenceSums(0)};
    survey.roots = read_roots(filesystem, context.stop, context.problems);
    const auto trees = FileTrees::of(survey.roots);
    TreeSets sets(trees.count(), context.memory_bytes);
    return Measure(survey, options, trees, sets).run();
}

} // namespace btrkit::usage
