// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/scan_maker.h"

#include "libfs/survey/scan/block_references.h"

namespace btrkit::survey {

namespace {

/// Steps without a leaf cost nothing but memory.
constexpr std::size_t most_steps = 4096;

} // namespace

std::unique_ptr<ScanJob> ScanMaker::make() {
    if (scan_.survey.run.stop.stop_requested()) {
        return nullptr;
    }
    auto job =
        std::make_unique<ScanJob>(ScanJob{.workspace = pool_.lease([] { return std::make_unique<ScanWorkspace>(); })});
    while (!is_full(*job) && advance(*job)) {
    }
    return job->steps.empty() ? nullptr : std::move(job);
}

bool ScanMaker::is_full(const ScanJob& job) const {
    return (job.leaves.size() + 1) * scan_.nodesize() > scan_batch_bytes || job.steps.size() >= most_steps;
}

/// One step further; false at the end of the last tree.
bool ScanMaker::advance(ScanJob& job) {
    if (!path_.empty()) {
        if (auto child = next_child(path_.back())) {
            enter(job, std::move(*child));
        } else {
            auto step = std::move(path_.back().step);
            step.kind = ScanStep::Kind::node_end;
            path_.pop_back();
            job.steps.push_back(std::move(step));
        }
        return true;
    }
    if (in_tree_) {
        in_tree_ = false;
        job.steps.push_back({.kind = ScanStep::Kind::tree_end, .root = root_++});
        return true;
    }
    if (root_ == scan_.roots.size()) {
        return false;
    }
    in_tree_ = true;
    const auto& root = scan_.roots[root_].root;
    job.steps.push_back({.kind = ScanStep::Kind::tree_begin, .root = root_});
    if (scan_.mode.sink != nullptr) {
        hold_root(*scan_.mode.sink, root, scan_.nodesize());
    }
    enter(job, {.promise = root.block, .root = root_, .parent_owner = root.id});
    return true;
}

std::optional<ScanStep> ScanMaker::next_child(Frame& frame) const {
    const auto& root = scan_.roots[frame.step.root];
    const BlockView node = view_of(frame);
    while (frame.slot < node.count()) {
        const u32 slot = frame.slot++;
        auto promise = child_promise(node, slot, frame.step.promise);
        if (frame.follows_dropped && promise.end && *promise.end <= *root.drop_key) {
            continue;
        }
        const u64 owner = frame.step.facts.owner;
        return ScanStep{.promise = promise,
                        .root = frame.step.root,
                        .is_first = frame.step.is_first,
                        .parent_owner = owner,
                        .is_left = owner != root.root.id && scan_.is_full_backref(frame.step.promise.address)};
    }
    return std::nullopt;
}

/// Says what is to happen with a block, and goes into it where it is a node.
void ScanMaker::enter(ScanJob& job, ScanStep step) {
    const Logical address = step.promise.address;
    const bool seen = scan_.mode.visited->test(scan_.number_of(address));
    if (seen && !scan_.mode.shares) {
        step.kind = ScanStep::Kind::lost;
        step.problems.push_back(
            {.code = ProblemCode::block_reused, .place = {.logical = address, .tree = step.promise.tree}});
        job.steps.push_back(std::move(step));
        return;
    }
    if (seen && will_be_kept_.contains(address.bytenr)) {
        step.kind = ScanStep::Kind::again;
        job.steps.push_back(std::move(step));
        return;
    }
    step.is_first = !seen;
    step.keep = scan_.mode.shares && !scan_.roots[step.root].drop_key &&
                (seen || scan_.survey.shared.test(scan_.number_of(address))) && may_keep(*step.promise.level);
    if (*step.promise.level > 0) {
        return enter_node(job, std::move(step));
    }
    mark(step);
    step.kind = ScanStep::Kind::leaf;
    step.index = job.leaves.size();
    job.leaves.push_back(step.promise);
    job.steps.push_back(std::move(step));
}

void ScanMaker::mark(const ScanStep& step) {
    const Logical address = step.promise.address;
    if (!scan_.mode.shares) {
        scan_.survey.alone.set(scan_.number_of(address));
    }
    scan_.mode.visited->set(scan_.number_of(address));
    if (step.keep) {
        will_be_kept_.insert(address.bytenr);
    }
}

/// What is not kept is computed again when it comes again: dearer, but never wrong. Nodes are few, and each of
/// them spares many leaves.
bool ScanMaker::may_keep(u8 level) const {
    constexpr u64 bytes_each = 512;
    return level > 0 || will_be_kept_.size() < scan_.survey.run.memory_bytes / 2 / bytes_each;
}

void ScanMaker::enter_node(ScanJob& job, ScanStep step) {
    auto bytes = std::make_unique_for_overwrite<std::byte[]>(scan_.nodesize());
    auto read = scan_.read_block(step.promise, {bytes.get(), scan_.nodesize()}, {node_spare_.get(), scan_.nodesize()});
    step.problems = std::move(read.problems);
    if (!read.proven) {
        step.kind = ScanStep::Kind::lost;
        step.problems.push_back(lost_range(step.promise));
        job.steps.push_back(std::move(step));
        return;
    }
    mark(step);
    step.kind = ScanStep::Kind::node_begin;
    step.facts = facts_of(*read.proven);
    if (step.is_first && scan_.mode.thorough) {
        scan_.check_flags(*read.proven, step.promise, step.problems);
    }
    const bool is_full = scan_.is_full_backref(step.promise.address);
    const auto& root = scan_.roots[step.root];
    Frame frame{.bytes = std::move(bytes),
                .step = step,
                .follows_dropped = root.drop_key && step.facts.level >= root.drop_level};
    if (step.is_first && scan_.mode.sink != nullptr) {
        const ReferenceHolder holder{
            .block = *read.proven, .address = step.promise.address, .tree = root.root.id, .is_full_backref = is_full};
        hold_block(*scan_.mode.sink, holder);
        hold_children(*scan_.mode.sink, holder, frame.follows_dropped ? root.drop_key : std::nullopt, step.promise.end);
    }
    job.steps.push_back(std::move(step));
    prefetch(frame);
    path_.push_back(std::move(frame));
}

void ScanMaker::prefetch(const Frame& frame) const {
    const BlockView node = view_of(frame);
    std::vector<Logical> places;
    for (u32 slot = 0; slot < node.count(); ++slot) {
        const Logical child{node.pointer(slot).blockptr};
        if (!scan_.mode.visited->test(scan_.number_of(child))) {
            places.push_back(child);
        }
    }
    scan_.reader.volume().prefetch(places, scan_.nodesize());
}

} // namespace btrkit::survey
