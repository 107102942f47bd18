// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/ops/check/files/leaf_segment.h"
#include "libfs/ops/check/files/name_diff.h"
#include "libfs/survey/scan/file_tree_roots.h"

#include <map>
#include <ranges>
#include <unordered_map>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// Numbers of roots, by what is different in their trees.
using TreesByDifference = std::map<Sum128, std::vector<std::size_t>>;

/// Shared blocks that a tree takes for its own. What is younger than the last snapshot of its subvolume a kernel
/// changes in place, so that all who share it change too.
class YoungShared {
public:
    YoungShared() = default;
    YoungShared(const Context& context, const ScanRoot& root)
        : shared_(&context.shared), top_(root.root.block.address) {
        const auto* record = context.roots.find(root.root.id);
        is_asked_ = record != nullptr && record->is_subvolume() && !record->is_dropping();
        if (is_asked_) {
            place_ = record->place;
            place_.tree = record->id();
            last_snapshot_ = record->item.last_snapshot;
            sectorsize_ = context.geometry().sectorsize;
        }
    }

    void look_at(const ScanStep& step) {
        using Kind = ScanStep::Kind;
        const bool is_block = step.kind == Kind::node_begin || step.kind == Kind::leaf || step.kind == Kind::again;
        const auto address = step.promise.address;
        if (!is_asked_ || !is_block || address == top_ || step.facts.is_relocated ||
            step.facts.generation <= last_snapshot_ || !shared_->test(address.bytenr / sectorsize_)) {
            return;
        }
        if (count_++ == 0) {
            place_.logical = address;
            generation_ = step.facts.generation;
        }
    }

    void tell(survey::Findings& findings) const {
        if (count_ > 0) {
            findings.add({.code = ProblemCode::root_last_snapshot,
                          .place = place_,
                          .detail = fmt::format("it is {}, but {} shared blocks of this tree are younger, the first of "
                                                "generation {}",
                                                last_snapshot_, count_, generation_)});
        }
    }

private:
    const SparseBits* shared_ = nullptr;
    Logical top_;
    bool is_asked_ = false;
    Place place_;
    u64 last_snapshot_ = 0;
    u32 sectorsize_ = 1;
    u64 count_ = 0;
    u64 generation_ = 0; ///< of the first
};

class FileTrees final : public ScanHandler {
public:
    FileTrees(Context& context, std::span<const ScanRoot> roots)
        : context_(context), roots_(roots), facts_{.geometry = context.geometry(),
                                                   .data_without_csum = context.space.data_without_csum,
                                                   .knows_csums = context.space.knows_csums,
                                                   .seed = context.options.hash_seed} {}

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems& problems) override {
        return summarize_leaf(leaf, facts_, problems);
    }

    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult> result) override {
        using Kind = ScanStep::Kind;
        const u64 address = step.promise.address.bytenr;
        root_ = step.root;
        young_.look_at(step);
        switch (step.kind) {
        case Kind::tree_begin: young_ = YoungShared(context_, roots_[root_]); [[fallthrough]];
        case Kind::node_begin: path_.emplace_back(); return;
        case Kind::leaf: return accept_leaf(step, dynamic_cast<LeafSegment&>(*result));
        case Kind::again: return add(kept_[address]);
        case Kind::lost:
            if (step.keep) {
                kept_.insert_or_assign(address, Segment::hole());
            }
            return add(Segment::hole());
        case Kind::node_end: {
            const Segment segment = path_.back();
            path_.pop_back();
            add(segment);
            if (step.keep) {
                kept_.insert_or_assign(address, segment);
            }
            return;
        }
        case Kind::tree_end: finish_tree(); return;
        }
    }

    /// Trees with the same difference have the same damage: one of each is looked at closely.
    const TreesByDifference& different() const { return different_; }

private:
    void accept_leaf(const ScanStep& step, LeafSegment& result) {
        if (step.keep) {
            kept_.insert_or_assign(step.promise.address.bytenr, result.segment);
        }
        add(result.segment);
        if (step.is_first) {
            context_.file_count += result.segment.inode_count;
            // The owner's tree comes before those that share its blocks. What it has left to them is not its any more.
            std::erase_if(result.entries,
                          [&](const SubvolumeEntry& entry) { return entry.owner != roots_[step.root].root.id; });
            std::ranges::move(result.entries, std::back_inserter(context_.subvolume_entries));
        }
    }

    SettleInode settler() {
        return [this](const InodeState& inode) {
            Problems problems;
            judge_inode(inode, context_.geometry(), roots_[root_].root.id, problems);
            context_.findings.add(std::move(problems));
        };
    }

    void add(const Segment& segment) { append(path_.back(), segment, settler(), facts_.seed); }

    void finish_tree() {
        young_.tell(context_.findings);
        Segment segment = path_.back();
        path_.pop_back();
        const auto& root = roots_[root_];
        const auto* record = context_.roots.find(root.root.id);
        if (root.drop_key || root.root.id == btrfs::tree_reloc_id || (record != nullptr && record->is_dropping())) {
            return; // parts of it may be gone
        }
        if (segment.is_whole && (!segment.first || segment.first->inode != btrfs::root_dir_inode)) {
            context_.findings.add({.code = ProblemCode::root_dir,
                                   .place = {.tree = root.root.id, .inode = btrfs::root_dir_inode},
                                   .detail = "it has no items"});
        }
        close(segment, settler(), facts_.seed);
        if (segment.is_whole && !segment.balance.is_zero()) {
            different_[segment.balance].push_back(root_);
        }
    }

    Context& context_;
    std::span<const ScanRoot> roots_;
    ExtentFacts facts_;
    std::vector<Segment> path_;
    std::unordered_map<u64, Segment> kept_;
    TreesByDifference different_;
    std::size_t root_ = 0;
    YoungShared young_;
};

void check_owners(Context& context) {
    const auto report = [&](u64 number) {
        const u64 bytenr = number * context.geometry().sectorsize;
        if (!context.unknown_extents.intersects({bytenr, bytenr + 1})) {
            context.findings.add({.code = ProblemCode::extent_owner,
                                  .place = {.logical = Logical{bytenr}},
                                  .detail = "the flag FULL_BACKREF is not set, so its children count for its owner"});
        }
    };
    context.referred_by_others.for_each_not_in(context.referred_by_owner, report);
    context.referred_by_left.for_each_not_in(context.referred_by_owner, [&](u64 number) {
        if (!context.lost_blocks && !context.referred_by_others.test(number)) {
            report(number);
        }
    });
}

/// What was told of the first of these trees is so in the others.
void name_alike(std::span<survey::Finding> findings, std::span<const ScanRoot> roots,
                const std::vector<std::size_t>& alike) {
    if (alike.size() < 2) {
        return;
    }
    std::vector<u64> others;
    for (const std::size_t root : alike | std::views::drop(1)) {
        others.push_back(roots[root].root.id);
    }
    const auto shared = std::make_shared<const std::vector<u64>>(std::move(others));
    for (auto& finding : findings) {
        finding.alike_trees = shared;
    }
}

/// Looks closely at one tree of each kind of damage. Snapshots without end, each with damage of its own, must not take
/// time without end: after so many blocks the rest is only named.
void look_closer(Context& context, std::span<const ScanRoot> roots, const TreesByDifference& different) {
    const u64 most_blocks = 64 * context.block_count + 100'000;
    for (const auto& [balance, alike] : different) {
        const std::size_t root = alike.front();
        const std::size_t told_before = context.findings.all().size();
        if (context.run.stop.stop_requested()) {
            return;
        }
        if (context.rescanned_count < most_blocks) {
            find_name_differences(context, roots[root]);
        } else {
            context.findings.add({.code = ProblemCode::not_checked,
                                  .place = {.tree = roots[root].root.id},
                                  .detail = "names in this tree don't agree, but it was not looked at closely: "
                                            "too many trees have damage of their own"});
        }
        name_alike(std::span(context.findings.all()).subspan(told_before), roots, alike);
    }
}

} // namespace

void check_file_trees(Context& context) {
    const auto roots = file_tree_roots(context.roots);
    FileTrees trees(context, roots);
    scan_blocks(context, roots, {.shares = true, .sink = &context.references, .visited = &context.visited}, trees);
    check_owners(context);
    look_closer(context, roots, trees.different());
}

} // namespace btrkit::check
