// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/scan_work.h"

#include "libfs/survey/scan/block_references.h"
#include "libfs/survey/scan/copies.h"
#include "libfs/tree/item_check.h"

namespace btrkit::survey {

void work_at_job(const ScanTask& scan, ScanJob& job) {
    const MutableBytes blocks(job.workspace->blocks.get(), job.leaves.size() * scan.nodesize());
    const MutableBytes spare(job.workspace->spare.get(), job.leaves.size() * scan.nodesize());
    job.read = scan.mode.thorough ? read_all_copies(scan.reader, job.leaves, blocks, spare)
                                  : scan.reader.read_many(job.leaves, blocks);
    job.results.resize(job.leaves.size());
    for (auto& step : job.steps) {
        if (step.kind == ScanStep::Kind::leaf) {
            job.results[step.index] = work_leaf(scan, step, job.read[step.index]);
        }
    }
}

std::unique_ptr<LeafResult> work_leaf(const ScanTask& scan, ScanStep& step, ReadBlock& read) {
    step.problems = std::move(read.problems);
    if (!read.proven) {
        step.kind = ScanStep::Kind::lost;
        step.problems.push_back(lost_range(step.promise));
        return nullptr;
    }
    const u64 tree = scan.roots[step.root].root.id;
    const LeafVisit visit{.promise = step.promise, .block = *read.proven, .tree = tree};
    if (step.is_first) {
        if (scan.mode.thorough) {
            scan.check_flags(visit.block, step.promise, step.problems);
            check_items(visit.block, scan.survey.geometry(), tree, step.problems);
        }
        if (scan.mode.sink != nullptr) {
            const ReferenceHolder holder{.block = visit.block,
                                         .address = step.promise.address,
                                         .tree = tree,
                                         .is_full_backref = scan.is_full_backref(step.promise.address)};
            hold_block(*scan.mode.sink, holder);
            hold_data(*scan.mode.sink, holder);
        }
    }
    return scan.handler.work(visit, step.problems);
}

} // namespace btrkit::survey
