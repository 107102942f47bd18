// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/defragment.h"

#include "libfs/ops/commit/without_deleted.h"
#include "libfs/ops/defragment/place_extents.h"
#include "libfs/ops/defragment/recompress.h"
#include "libfs/ops/defragment/subvolume_order.h"
#include "libfs/relocate/lay_out.h"
#include "libfs/txn/may_be_written.h"

#include <fmt/format.h>

namespace btrkit::defragment {

namespace {

/// Each makes room for the next one; far more than that is no progress.
constexpr u64 most_commits = 64;
/// Where so large a part of leaves lies apart from the one before, blocks are laid out anew.
constexpr u64 far_leaves_divisor = 4;
/// Fewer are not worth it.
constexpr u64 least_leaves = 128;

/// What is known of the filesystem as it is now.
struct Picture {
    DataExtents extents;
    Uses uses;
    std::vector<PlannedExtent> planned;
    std::vector<TreeRoot> subvolumes;
    bool has_far_leaves = false;
    Shape shape;
};

Result<Picture> look_at(const Filesystem& filesystem, const Options& options, const JoinRules& rules,
                        const RunContext& context) {
    Picture picture;
    BTRKIT_TRY_ASSIGN(picture.extents, DataExtents::read(filesystem, context));
    BTRKIT_TRY(leave_others_alone(filesystem, options.selection, picture.extents, context));
    for (u32 number = 0; number < picture.extents.size(); ++number) {
        auto& extent = picture.extents[number];
        extent.is_left_alone = extent.is_left_alone || extent.disk.length() >= options.threshold_bytes;
    }
    BTRKIT_TRY_ASSIGN(picture.subvolumes, subvolumes_in_order(filesystem));
    BTRKIT_TRY_ASSIGN(picture.uses, find_uses(filesystem, picture.subvolumes, picture.extents, context));
    picture.has_far_leaves = options.selection.is_everything() && picture.uses.leaf_count >= least_leaves &&
                             picture.uses.far_leaf_count > picture.uses.leaf_count / far_leaves_divisor;
    const auto atoms = cut_into_atoms(picture.extents, picture.uses, rules);
    picture.planned = plan_extents(picture.extents, atoms, rules);
    u64 seen_bytes = 0;
    for (const auto& extent : picture.planned) {
        for (const auto& source : extent.sources) {
            seen_bytes += stored_bytes(picture.extents[source.extent], source);
        }
    }
    for (u32 number = 0; number < picture.extents.size(); ++number) {
        const auto& extent = picture.extents[number];
        picture.shape.extent_count += extent.is_known() ? 1 : 0;
        picture.shape.unseen_bytes += extent.is_known() ? extent.disk.length() : 0;
    }
    picture.shape.unseen_bytes -= seen_bytes;
    return picture;
}

class Run {
public:
    Run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options, const RunContext& context)
        : filesystem_(&filesystem), devices_(devices), options_(options), context_(context) {}

    Result<Report> run() && {
        BTRKIT_TRY(may_be_written(*filesystem_));
        report_.commit.old_generation = report_.commit.new_generation = filesystem_->super().generation;
        BTRKIT_TRY(delete_first());
        for (bool goes_on = true; goes_on && report_.commit_count < most_commits;) {
            auto committed = commit_one();
            if (!committed && report_.commit_count > 0) {
                return fail(committed.error().kind,
                            fmt::format("{}; {} commits stand, and what they left is whole: run it again to go on",
                                        committed.error().message, report_.commit_count));
            }
            BTRKIT_TRY_ASSIGN(goes_on, std::move(committed));
        }
        return std::move(report_);
    }

private:
    /// A dry run goes on with what would be.
    Result<void> delete_first() {
        BTRKIT_TRY_ASSIGN(
            without_, commit::without_deleted(*filesystem_, devices_, options_.transaction, options_.commit, context_));
        if (without_.deleted.empty()) {
            return {};
        }
        report_.cleaned_up = without_.deleted;
        report_.commit_count += options_.commit.is_dry_run ? 0 : 1;
        note(without_.report);
        filesystem_ = &*without_.filesystem;
        return {};
    }

    /// Says whether another one may find more to do.
    Result<bool> commit_one() {
        const auto transaction_options = commit::with_data_at_once(options_.transaction, devices_, options_.commit);
        BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(*filesystem_, transaction_options));
        const JoinRules rules = {.joins_owners = !transaction.keeps_simple_quotas(),
                                 .keeps_views = options_.keeps_views,
                                 .recompress = options_.recompress};
        BTRKIT_TRY_ASSIGN(auto picture, look_at(*filesystem_, options_, rules, context_));
        Placed placed;
        if (rules.recompress) {
            BTRKIT_TRY(recompress(transaction, picture.extents, rules, picture.planned, options_.limit_bytes, placed,
                                  context_));
        }
        BTRKIT_TRY(place_extents(transaction, picture.extents, picture.planned, options_.limit_bytes, placed));
        note(picture, placed);
        const bool renews_blocks = is_first_ && picture.has_far_leaves;
        const auto subvolumes = std::move(picture.subvolumes);
        picture = {}; // what follows needs the memory
        // What was packed anew does not lie beside what was not.
        const bool goes_on = placed.moved_bytes > 0 && (placed.lacked_room || placed.was_recompressed);
        if (placed.layout.empty() && !renews_blocks) {
            report_.needs_more = placed.lacked_room;
            return false;
        }
        const BlockOrder blocks = {.subvolumes = subvolumes, .leaving = renews_blocks ? everywhere() : RangeSet{}};
        BTRKIT_TRY_ASSIGN(const u64 block_count, lay_out(transaction, placed.layout, blocks, context_));
        BTRKIT_TRY_ASSIGN(auto committed, commit::run(transaction, devices_, options_.commit, context_));
        report_.data_bytes += placed.moved_bytes;
        report_.block_count += block_count;
        note(std::move(committed));
        report_.needs_more = placed.lacked_room || placed.was_recompressed;
        if (options_.commit.is_dry_run || !options_.commit.undo_path.empty() || !goes_on) {
            report_.commit_count += options_.commit.is_dry_run ? 0 : 1;
            return false;
        }
        ++report_.commit_count;
        is_first_ = false;
        BTRKIT_TRY_ASSIGN(reopened_, commit::open_again(devices_));
        filesystem_ = &*reopened_;
        return true;
    }

    void note(const Picture& picture, const Placed& placed) {
        if (is_first_) {
            report_.before = picture.shape;
            report_.before.fragment_count = placed.fragment_count;
            report_.files =
                count_fragments(*filesystem_, picture.extents, picture.uses, placed.layout, options_.most_files);
        }
        report_.after = {.extent_count = placed.extent_count, .fragment_count = placed.laid_fragments};
    }

    void note(commit::Report committed) { report_.commit = commit::together(report_.commit, std::move(committed)); }

    const Filesystem* filesystem_;
    const WritableDevices& devices_;
    const Options& options_;
    const RunContext& context_;
    commit::WithoutDeleted without_;
    std::optional<Filesystem> reopened_;
    bool is_first_ = true; ///< nothing was laid out yet
    Report report_;
};

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options,
                   const RunContext& context) {
    return Run(filesystem, devices, options, context).run();
}

} // namespace btrkit::defragment
