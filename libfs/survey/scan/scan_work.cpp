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
            const auto buffer = blocks.subspan(step.index * scan.nodesize(), scan.nodesize());
            job.results[step.index] = work_leaf(scan, step, job.read[step.index], buffer);
        }
    }
}

namespace {

/// What is wrong with the items; where another copy has nothing wrong, that is taken, as kernels do.
void check_all_items(const ScanTask& scan, const ScanStep& step, u64 tree, ReadBlock& read, MutableBytes buffer,
                     Problems& problems) {
    Problems found;
    check_items(read.block(), scan.survey.geometry(), tree, found);
    if (found.empty()) {
        return;
    }
    if (auto sound = scan.reader.read_sound_leaf(step.promise, tree, buffer); sound.proven) {
        read = std::move(sound);
        problems.push_back({.code = ProblemCode::block_copy_items,
                            .place = {.logical = step.promise.address, .tree = tree},
                            .detail = describe(found.front())});
    } else {
        problems.insert(problems.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    }
}

} // namespace

std::unique_ptr<LeafResult> work_leaf(const ScanTask& scan, ScanStep& step, ReadBlock& read, MutableBytes buffer) {
    step.problems = std::move(read.problems);
    if (!read.proven) {
        step.kind = ScanStep::Kind::lost;
        step.problems.push_back(lost_range(step.promise));
        return nullptr;
    }
    const u64 tree = scan.roots[step.root].root.id;
    if (step.is_first && scan.mode.thorough) {
        scan.check_flags(*read.proven, step.promise, step.problems);
        check_all_items(scan, step, tree, read, buffer, step.problems);
    }
    const LeafVisit visit{.promise = step.promise, .block = *read.proven, .tree = tree};
    if (step.is_first) {
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
