// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/block_scan.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/survey/scan/scan_job.h"
#include "libfs/survey/scan/scan_maker.h"
#include "libfs/survey/scan/scan_work.h"

namespace btrkit::survey {

namespace {

/// The finishing side of a scan: one thread, in order.
class ScanFinisher {
public:
    explicit ScanFinisher(const ScanTask& scan) : scan_(scan) {}

    /// False where the user wants it to stop.
    bool finish(ScanJob& job) {
        for (auto& step : job.steps) {
            accept(step, job);
        }
        return !scan_.survey.run.stop.stop_requested();
    }

    /// Whether some block was lost.
    bool has_lost() const { return lost_; }

private:
    void accept(ScanStep& step, ScanJob& job) {
        using Kind = ScanStep::Kind;
        if (step.kind == Kind::again) {
            return accept_again(step);
        }
        if (step.kind == Kind::leaf) {
            return accept_leaf(step, *job.read[step.index].proven, std::move(job.results[step.index]));
        }
        if (step.kind == Kind::node_begin) {
            count(step);
            settle_edge(step, step.facts);
            if (step.keep) {
                kept_.insert_or_assign(step.promise.address.bytenr, step.facts);
            }
        } else if (step.kind == Kind::lost) {
            lost_ = true;
            scan_.survey.lost_blocks = true;
            if (step.keep) {
                kept_.insert_or_assign(step.promise.address.bytenr, std::nullopt);
            }
        }
        report(step);
        scan_.handler.accept(step, nullptr, nullptr);
    }

    void accept_leaf(ScanStep& step, const TreeBlock& block, std::unique_ptr<LeafResult> result) {
        const auto facts = facts_of(block);
        step.facts = facts;
        count(step);
        settle_edge(step, facts);
        if (step.keep) {
            kept_.insert_or_assign(step.promise.address.bytenr, facts);
        }
        report(step);
        const LeafVisit visit{.promise = step.promise, .block = block, .tree = scan_.roots[step.root].root.id};
        scan_.handler.accept(step, &visit, std::move(result));
    }

    /// A block that was seen before. What was made of it then holds here too, if it is what this parent promises.
    void accept_again(ScanStep& step) {
        const auto facts = kept_[step.promise.address.bytenr];
        if (facts && keeps(*facts, step.promise)) {
            settle_edge(step, *facts);
            step.facts = *facts;
            scan_.handler.accept(step, nullptr, nullptr);
            return;
        }
        auto bytes = std::make_unique_for_overwrite<std::byte[]>(scan_.nodesize());
        auto spare = std::make_unique_for_overwrite<std::byte[]>(scan_.nodesize());
        auto read = scan_.read_block(step.promise, {bytes.get(), scan_.nodesize()}, {spare.get(), scan_.nodesize()});
        step.is_first = !facts;
        step.keep = !facts;
        if (read.proven && read.proven->is_leaf()) {
            step.kind = ScanStep::Kind::leaf;
            auto result = work_leaf(scan_, step, read, {bytes.get(), scan_.nodesize()});
            accept_leaf(step, *read.proven, std::move(result));
            return;
        }
        step.kind = ScanStep::Kind::lost;
        step.problems = std::move(read.problems);
        step.problems.push_back(lost_range(step.promise));
        lost_ = true;
        scan_.survey.lost_blocks = true;
        report(step);
        scan_.handler.accept(step, nullptr, nullptr);
    }

    /// A block whose children are referred to by its owner must itself be in its owner's tree.
    void settle_edge(const ScanStep& step, const BlockFacts& facts) {
        if (!scan_.mode.shares || !scan_.mode.thorough) {
            return;
        }
        const u64 number = scan_.number_of(step.promise.address);
        if (step.parent_owner == facts.owner && !step.is_left) {
            scan_.survey.referred_by_owner.set(number);
        } else if (!scan_.is_full_backref(step.promise.address)) {
            (step.parent_owner == facts.owner ? scan_.survey.referred_by_left : scan_.survey.referred_by_others)
                .set(number);
        }
    }

    void count(const ScanStep& step) {
        scan_.survey.rescanned_count += scan_.mode.thorough ? 0 : 1;
        if (step.is_first && scan_.mode.thorough) {
            ++scan_.survey.block_count;
            scan_.survey.run.progress.advance(scan_.nodesize());
        }
    }

    void report(ScanStep& step) {
        // What is lost for one of the trees that share it is lost for the others in the same way.
        const auto& promise = step.promise;
        const bool is_told =
            step.kind == ScanStep::Kind::lost && scan_.mode.shares &&
            !lost_told_.emplace(promise.address, promise.generation, promise.level, promise.first_key).second;
        if (scan_.mode.thorough && !is_told) {
            scan_.survey.findings.add(std::move(step.problems));
        }
        step.problems.clear();
    }

    const ScanTask& scan_;
    std::unordered_map<u64, std::optional<BlockFacts>> kept_; ///< by address; nothing: it is lost
    std::set<std::tuple<Logical, std::optional<u64>, std::optional<u8>, std::optional<btrfs::Key>>> lost_told_;
    bool lost_ = false;
};

} // namespace

bool scan_blocks(Survey& survey, std::span<const ScanRoot> roots, const ScanMode& mode, ScanHandler& handler) {
    const ScanTask scan{
        .survey = survey, .roots = roots, .mode = mode, .handler = handler, .reader = survey.filesystem.reader()};
    ScanMaker maker(scan);
    ScanFinisher finisher(scan);
    run_ordered(
        survey.run.parallelism, [&] { return maker.make(); }, [&](ScanJob& job) { work_at_job(scan, job); },
        [&](ScanJob& job) { return finisher.finish(job); });
    return !finisher.has_lost() && !survey.run.stop.stop_requested();
}

} // namespace btrkit::survey
