// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/dump_tree.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/pool.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/dump/block_renderer.h"
#include "libfs/ops/dump/sections.h"
#include "libfs/tree/block_batch.h"
#include "libfs/tree/item_check.h"

#include <array>

namespace btrkit::dump_tree {

namespace {

/// What one job needs and the next one can use again.
struct Workspace {
    explicit Workspace(const TreeText::Options& options) : tree_text(options) {}

    std::unique_ptr<std::byte[]> blocks = std::make_unique_for_overwrite<std::byte[]>(BlockBatch::size_bytes);
    TextBuffer text;
    TreeText tree_text;
};

/// A heading and a few blocks of the tree below it, on their way to text.
struct Job {
    Pool<Workspace>::Lease workspace;
    BlockBatch batch;
    u64 tree = 0;
    Problems problems = {};
    Counts counts = {};
};

class Dump {
public:
    Dump(const Filesystem& filesystem, OutputSink& out, const Options& options, const RunContext& context,
         Sections sections)
        : filesystem_(filesystem), out_(out), options_(options), context_(context), sections_(std::move(sections)) {}

    Result<Report> run() {
        heading_ = opening(options_);
        run_ordered(
            context_.parallelism, [this] { return make(); }, [this](Job& job) { work(job); },
            [this](Job& job) { return finish(job); });
        BTRKIT_TRY(written_);
        if (is_stopped_) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        return totals_;
    }

private:
    /// Nodes say nothing about a range of keys; and the peer leaves them out with --extents. Blocks that were asked
    /// for by address are always shown.
    WalkOrder order() const {
        const bool leaves_only = options_.extents || !options_.keys.is_everything();
        return leaves_only && options_.blocks.empty() ? WalkOrder::leaves_only : options_.order;
    }

    /// Goes to the next section, as far as there is one; false at the end of the dump.
    bool next_section(Job& job) {
        auto section = sections_.next(job.problems);
        if (!section) {
            return false;
        }
        if (options_.format == Format::text) {
            heading_ += section->heading;
        }
        heading_ += section->lines;
        job.counts.blocks += section->shown.blocks;
        job.counts.items += section->shown.items;
        walk_.reset();
        if (section->tree) {
            tree_ = section->tree->id;
            const bool alone = !options_.blocks.empty() && !options_.follow;
            walk_.emplace(filesystem_.reader(), section->tree->block, order(), options_.keys);
            single_block_ = alone;
        }
        return true;
    }

    std::unique_ptr<Job> make() {
        is_stopped_ = context_.stop.stop_requested();
        if (is_stopped_) {
            return nullptr;
        }
        auto workspace =
            pool_.lease([this] { return std::make_unique<Workspace>(TreeText::Options{options_.csum_headers}); });
        workspace->text.clear();
        BlockBatch batch({workspace->blocks.get(), BlockBatch::size_bytes}, filesystem_.geometry().nodesize);
        auto job = std::make_unique<Job>(Job{.workspace = std::move(workspace), .batch = std::move(batch)});
        while (!ended_) {
            if (walk_) {
                job->batch.gather(*walk_, single_block_ ? 1 : BlockBatch::as_many_as_fit);
                if (single_block_ || job->batch.size() == 0) {
                    walk_.reset();
                }
            }
            if (job->batch.size() > 0 || !job->problems.empty() || heading_.size() >= BlockBatch::size_bytes) {
                break;
            }
            ended_ = !next_section(*job);
        }
        job->tree = tree_;
        job->workspace->text.put(heading_);
        const bool empty = job->batch.size() == 0 && heading_.empty() && job->problems.empty();
        heading_.clear();
        return empty ? nullptr : std::move(job);
    }

    void work(Job& job) const {
        job.batch.read(filesystem_.reader());
        const RenderContext context{.geometry = filesystem_.geometry(),
                                    .hide_names = options_.hide_names,
                                    .csum_items = options_.csum_items,
                                    .tree = job.tree};
        BlockRenderer renderer(options_, context, job.workspace->tree_text);
        for (std::size_t i = 0; i < job.batch.size(); ++i) {
            const auto& result = job.batch.result(i);
            const auto& promise = job.batch.promise(i);
            job.problems.insert(job.problems.end(), result.problems.begin(), result.problems.end());
            if (result.state == BlockState::lost) {
                job.problems.push_back(lost_range(promise));
                continue;
            }
            if (result.proven && result.proven->is_leaf()) {
                check_items(*result.proven, filesystem_.geometry(), job.tree, job.problems);
            }
            renderer.put(job.workspace->text, job.batch.view(i), promise.address, job.counts);
        }
    }

    bool finish(const Job& job) {
        for (const auto& problem : job.problems) {
            totals_.problem_count += problem.severity() == Severity::note ? 0 : 1;
            context_.tell(problem);
        }
        totals_.block_count += job.counts.blocks;
        totals_.item_count += job.counts.items;
        written_ = out_.write(job.workspace->text.view());
        return written_.has_value();
    }

    const Filesystem& filesystem_;
    OutputSink& out_;
    const Options& options_;
    const RunContext& context_;
    Sections sections_;
    Pool<Workspace> pool_;

    // The making side.
    std::string heading_;
    std::optional<TreeWalk> walk_;
    u64 tree_ = 0;
    bool single_block_ = false;
    bool ended_ = false;
    bool is_stopped_ = false;

    // The finishing side.
    Result<void> written_;
    Report totals_;
};

/// A path narrows the keys to those of its inode.
Result<Options> resolved(const Filesystem& filesystem, Options options) {
    if (options.path) {
        BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem, *options.path));
        options.keys = intersection(options.keys, KeyRange::through({place.inode, 0, 0}, {place.inode, 0xff, ~u64{0}}));
    }
    return options;
}

} // namespace

Result<Report> run(const Filesystem& filesystem, OutputSink& out, const Options& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto narrowed, resolved(filesystem, options));
    BTRKIT_TRY_ASSIGN(auto sections, Sections::plan(filesystem, narrowed));
    return Dump(filesystem, out, narrowed, context, std::move(sections)).run();
}

} // namespace btrkit::dump_tree
