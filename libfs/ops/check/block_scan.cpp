// SPDX-License-Identifier: MIT
#include "libfs/ops/check/block_scan.h"

#include "libfs/base/pool.h"
#include "libfs/ops/check/block_references.h"
#include "libfs/ops/check/copies.h"
#include "libfs/tree/item_check.h"

#include <unordered_set>

#include <fmt/format.h>

namespace btrkit::check {

namespace {

/// Bytes of leaves in one batch: together with their other copies they should fit a core's cache.
constexpr std::size_t batch_bytes = std::size_t{512} * 1024;
static_assert(batch_bytes >= btrfs::max_nodesize);
/// Steps without a leaf cost nothing but memory.
constexpr std::size_t most_steps = 4096;

struct Workspace {
    std::unique_ptr<std::byte[]> blocks = std::make_unique_for_overwrite<std::byte[]>(batch_bytes);
    std::unique_ptr<std::byte[]> spare = std::make_unique_for_overwrite<std::byte[]>(batch_bytes);
};

struct Job {
    Pool<Workspace>::Lease workspace;
    std::vector<ScanStep> steps = {};
    std::vector<Promise> leaves = {};
    std::vector<ReadBlock> read = {};
    std::vector<std::unique_ptr<LeafResult>> results = {};
};

BlockFacts facts_of(const BlockView& block) {
    const auto& header = block.header();
    BlockFacts facts{.generation = header.generation, .owner = header.owner, .level = header.level, .is_proven = true};
    if (const u32 count = block.count(); count > 0) {
        facts.first_key = block.key(0);
        facts.last_key = block.key(count - 1);
    }
    return facts;
}

/// Whether a block that was proven for one parent keeps what another one promises.
bool keeps(const Promise& promise, const BlockFacts& facts) {
    return (!promise.generation || *promise.generation == facts.generation) &&
           (!promise.level || *promise.level == facts.level) &&
           (!promise.tree || owner_allowed(facts.owner, *promise.tree)) &&
           (!promise.first_key || *promise.first_key == facts.first_key) &&
           (!promise.end || facts.last_key < *promise.end);
}

/// The kernel knows two flags, and one revision of back references. Blocks that a relocation made hold their references
/// by address. That a leaf was not written is told with its items.
void check_flags(const BlockView& block, const Promise& promise, bool is_full_backref, u64 incompat_flags,
                 Problems& problems) {
    const u64 flags = block.header().flags;
    const u64 revision = flags >> btrfs::header_backref_revision_shift;
    const u64 known = btrfs::header_flag_written | (is_full_backref ? btrfs::header_flag_reloc : 0);
    const bool has_revision = (incompat_flags & btrfs::incompat_mixed_backref) == 0 || revision == 1;
    const bool is_unwritten_node = !block.is_leaf() && (flags & btrfs::header_flag_written) == 0;
    if ((flags & btrfs::header_flags_mask & ~known) != 0 || !has_revision || is_unwritten_node) {
        problems.push_back({.code = ProblemCode::block_flags,
                            .place = {.logical = promise.address, .tree = promise.tree},
                            .detail = fmt::format("{:#x}", flags)});
    }
}

class Scan {
public:
    Scan(Context& context, std::span<const ScanRoot> roots, const ScanMode& mode, ScanHandler& handler)
        : context_(context), roots_(roots), mode_(mode), handler_(handler), reader_(context.filesystem.reader()),
          node_spare_(std::make_unique_for_overwrite<std::byte[]>(nodesize())) {}

    bool run() {
        run_ordered(
            context_.parallelism, [this] { return make(); }, [this](Job& job) { work(job); },
            [this](Job& job) { return finish(job); });
        return !lost_ && !context_.stop.stop_requested();
    }

private:
    struct Frame {
        std::unique_ptr<std::byte[]> bytes;
        ScanStep step;                ///< how the node was entered
        bool follows_dropped = false; ///< children before the drop key are gone
        u32 slot = 0;
    };

    u32 nodesize() const { return reader_.nodesize(); }
    u64 number_of(Logical address) const { return address.bytenr / context_.geometry().sectorsize; }
    /// Trees that share nothing don't need the flag; and it is not known before the extent tree was read.
    bool is_full_backref(Logical address) const {
        return mode_.shares && context_.full_backref.test(number_of(address));
    }
    /// Where extent items are lost, nobody knows.
    bool may_be_full_backref(Logical address) const {
        return is_full_backref(address) || (mode_.shares && !context_.space.unknown.empty());
    }
    BlockView view_of(const Frame& frame) const { return BlockView({frame.bytes.get(), nodesize()}); }

    // The making side: one thread.

    std::unique_ptr<Job> make() {
        if (context_.stop.stop_requested()) {
            return nullptr;
        }
        auto job = std::make_unique<Job>(Job{.workspace = pool_.take([] { return std::make_unique<Workspace>(); })});
        while (!is_full(*job) && advance(*job)) {
        }
        return job->steps.empty() ? nullptr : std::move(job);
    }

    bool is_full(const Job& job) const {
        return (job.leaves.size() + 1) * nodesize() > batch_bytes || job.steps.size() >= most_steps;
    }

    /// One step further; false at the end of the last tree.
    bool advance(Job& job) {
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
        if (root_ == roots_.size()) {
            return false;
        }
        in_tree_ = true;
        const auto& root = roots_[root_].root;
        job.steps.push_back({.kind = ScanStep::Kind::tree_begin, .root = root_});
        if (mode_.sink != nullptr) {
            hold_root(*mode_.sink, root, nodesize());
        }
        enter(job, {.ref = root.block, .root = root_, .parent_owner = root.id});
        return true;
    }

    std::optional<ScanStep> next_child(Frame& frame) const {
        const auto& root = roots_[frame.step.root];
        const BlockView node = view_of(frame);
        while (frame.slot < node.count()) {
            const u32 slot = frame.slot++;
            auto end = frame.step.ref.promise.end;
            if (frame.slot < node.count()) {
                end = node.key(frame.slot);
            }
            if (frame.follows_dropped && end && *end <= *root.drop_key) {
                continue;
            }
            const auto& pointer = node.pointer(slot);
            return ScanStep{.ref = {.promise = {.address = {pointer.blockptr},
                                                .generation = pointer.generation,
                                                .level = static_cast<u8>(node.header().level - 1),
                                                .tree = frame.step.ref.promise.tree,
                                                .first_key = node.key(slot),
                                                .end = end}},
                            .root = frame.step.root,
                            .is_first = frame.step.is_first,
                            .parent_owner = frame.step.facts.owner};
        }
        return std::nullopt;
    }

    /// Says what is to happen with a block, and goes into it where it is a node.
    void enter(Job& job, ScanStep step) {
        const Logical address = step.ref.promise.address;
        const bool seen = mode_.visited->test(number_of(address));
        if (seen && !mode_.shares) {
            step.kind = ScanStep::Kind::lost;
            step.problems.push_back(
                {.code = ProblemCode::block_reused, .place = {.logical = address, .tree = step.ref.promise.tree}});
            job.steps.push_back(std::move(step));
            return;
        }
        if (seen && will_be_kept_.contains(address.bytenr)) {
            step.kind = ScanStep::Kind::again;
            job.steps.push_back(std::move(step));
            return;
        }
        step.is_first = !seen;
        step.keep = mode_.shares && !roots_[step.root].drop_key && (seen || context_.shared.test(number_of(address))) &&
                    may_keep(*step.ref.promise.level);
        if (*step.ref.promise.level > 0) {
            return enter_node(job, std::move(step));
        }
        mark(step);
        step.kind = ScanStep::Kind::leaf;
        step.index = job.leaves.size();
        job.leaves.push_back(step.ref.promise);
        job.steps.push_back(std::move(step));
    }

    void mark(const ScanStep& step) {
        const Logical address = step.ref.promise.address;
        if (!mode_.shares) {
            context_.alone.set(number_of(address));
        }
        mode_.visited->set(number_of(address));
        if (step.keep) {
            will_be_kept_.insert(address.bytenr);
        }
    }

    /// What is not kept is computed again when it comes again: dearer, but never wrong. Nodes are few, and each of
    /// them spares many leaves.
    bool may_keep(u8 level) const {
        constexpr u64 bytes_each = 512;
        return level > 0 || will_be_kept_.size() < context_.options.memory_bytes / 2 / bytes_each;
    }

    void enter_node(Job& job, ScanStep step) {
        auto bytes = std::make_unique_for_overwrite<std::byte[]>(nodesize());
        auto read = read_block(step.ref.promise, {bytes.get(), nodesize()}, {node_spare_.get(), nodesize()});
        step.problems = std::move(read.problems);
        if (!read.proven) {
            step.kind = ScanStep::Kind::lost;
            step.problems.push_back(lost_range(step.ref));
            job.steps.push_back(std::move(step));
            return;
        }
        mark(step);
        step.kind = ScanStep::Kind::node_begin;
        step.facts = facts_of(*read.proven);
        if (step.is_first && mode_.thorough) {
            check_flags(*read.proven, step.ref.promise, may_be_full_backref(step.ref.promise.address),
                        context_.geometry().incompat_flags, step.problems);
        }
        const bool is_full = is_full_backref(step.ref.promise.address);
        const auto& root = roots_[step.root];
        Frame frame{.bytes = std::move(bytes),
                    .step = step,
                    .follows_dropped = root.drop_key && step.facts.level >= root.drop_level};
        if (step.is_first && mode_.sink != nullptr) {
            const ReferenceHolder holder{.block = *read.proven,
                                         .address = step.ref.promise.address,
                                         .tree = root.root.id,
                                         .is_full_backref = is_full};
            hold_block(*mode_.sink, holder);
            hold_children(*mode_.sink, holder, frame.follows_dropped ? root.drop_key : std::nullopt,
                          step.ref.promise.end);
        }
        job.steps.push_back(std::move(step));
        prefetch(frame);
        path_.push_back(std::move(frame));
    }

    ReadBlock read_block(const Promise& promise, MutableBytes buffer, MutableBytes spare) const {
        if (!mode_.thorough) {
            return reader_.read(promise, buffer);
        }
        return std::move(read_all_copies(reader_, {&promise, 1}, buffer, spare).front());
    }

    void prefetch(const Frame& frame) const {
        const BlockView node = view_of(frame);
        std::vector<Logical> places;
        for (u32 slot = 0; slot < node.count(); ++slot) {
            const Logical child{node.pointer(slot).blockptr};
            if (!mode_.visited->test(number_of(child))) {
                places.push_back(child);
            }
        }
        reader_.volume().prefetch(places, nodesize());
    }

    // The working side: several threads.

    void work(Job& job) {
        const MutableBytes blocks(job.workspace->blocks.get(), job.leaves.size() * nodesize());
        const MutableBytes spare(job.workspace->spare.get(), job.leaves.size() * nodesize());
        job.read = mode_.thorough ? read_all_copies(reader_, job.leaves, blocks, spare)
                                  : reader_.read_many(job.leaves, blocks);
        job.results.resize(job.leaves.size());
        for (auto& step : job.steps) {
            if (step.kind == ScanStep::Kind::leaf) {
                job.results[step.index] = work_leaf(step, job.read[step.index]);
            }
        }
    }

    std::unique_ptr<LeafResult> work_leaf(ScanStep& step, ReadBlock& read) {
        step.problems = std::move(read.problems);
        if (!read.proven) {
            step.kind = ScanStep::Kind::lost;
            step.problems.push_back(lost_range(step.ref));
            return nullptr;
        }
        const u64 tree = roots_[step.root].root.id;
        const LeafVisit visit{.ref = step.ref, .block = *read.proven, .tree = tree};
        if (step.is_first) {
            if (mode_.thorough) {
                check_flags(visit.block, step.ref.promise, may_be_full_backref(step.ref.promise.address),
                            context_.geometry().incompat_flags, step.problems);
                check_items(visit.block, context_.geometry(), tree, step.problems);
            }
            if (mode_.sink != nullptr) {
                const ReferenceHolder holder{.block = visit.block,
                                             .address = step.ref.promise.address,
                                             .tree = tree,
                                             .is_full_backref = is_full_backref(step.ref.promise.address)};
                hold_block(*mode_.sink, holder);
                hold_data(*mode_.sink, holder);
            }
        }
        return handler_.work(visit, step.problems);
    }

    // The finishing side: one thread, in order.

    bool finish(Job& job) {
        for (auto& step : job.steps) {
            take(step, job);
        }
        return !context_.stop.stop_requested();
    }

    void take(ScanStep& step, Job& job) {
        using Kind = ScanStep::Kind;
        if (step.kind == Kind::again) {
            return take_again(step);
        }
        if (step.kind == Kind::leaf) {
            return take_leaf(step, *job.read[step.index].proven, std::move(job.results[step.index]));
        }
        if (step.kind == Kind::node_begin) {
            count(step);
            settle_edge(step, step.facts);
            if (step.keep) {
                kept_.insert_or_assign(step.ref.promise.address.bytenr, step.facts);
            }
        } else if (step.kind == Kind::lost) {
            lost_ = true;
            context_.lost_blocks = true;
            if (step.keep) {
                kept_.insert_or_assign(step.ref.promise.address.bytenr, BlockFacts{});
            }
        }
        report(step);
        handler_.take(step, nullptr, nullptr);
    }

    void take_leaf(ScanStep& step, const TreeBlock& block, std::unique_ptr<LeafResult> result) {
        const auto facts = facts_of(block);
        count(step);
        settle_edge(step, facts);
        if (step.keep) {
            kept_.insert_or_assign(step.ref.promise.address.bytenr, facts);
        }
        report(step);
        const LeafVisit visit{.ref = step.ref, .block = block, .tree = roots_[step.root].root.id};
        handler_.take(step, &visit, std::move(result));
    }

    /// A block that was seen before. What was made of it then holds here too, if it is what this parent promises.
    void take_again(ScanStep& step) {
        const BlockFacts facts = kept_[step.ref.promise.address.bytenr];
        if (facts.is_proven && keeps(step.ref.promise, facts)) {
            settle_edge(step, facts);
            handler_.take(step, nullptr, nullptr);
            return;
        }
        auto bytes = std::make_unique_for_overwrite<std::byte[]>(nodesize());
        auto spare = std::make_unique_for_overwrite<std::byte[]>(nodesize());
        auto read = read_block(step.ref.promise, {bytes.get(), nodesize()}, {spare.get(), nodesize()});
        step.is_first = !facts.is_proven;
        step.keep = !facts.is_proven;
        if (read.proven && read.proven->is_leaf()) {
            step.kind = ScanStep::Kind::leaf;
            auto result = work_leaf(step, read);
            take_leaf(step, *read.proven, std::move(result));
            return;
        }
        step.kind = ScanStep::Kind::lost;
        step.problems = std::move(read.problems);
        step.problems.push_back(lost_range(step.ref));
        lost_ = true;
        context_.lost_blocks = true;
        report(step);
        handler_.take(step, nullptr, nullptr);
    }

    /// A block whose children are referred to by its owner must itself be in its owner's tree.
    void settle_edge(const ScanStep& step, const BlockFacts& facts) {
        if (!mode_.shares || !mode_.thorough) {
            return;
        }
        const u64 number = number_of(step.ref.promise.address);
        if (step.parent_owner == facts.owner) {
            context_.referred_by_owner.set(number);
        } else if (!is_full_backref(step.ref.promise.address)) {
            context_.referred_by_others.set(number);
        }
    }

    void count(const ScanStep& step) {
        context_.rescanned_count += mode_.thorough ? 0 : 1;
        if (step.is_first && mode_.thorough) {
            ++context_.block_count;
            context_.progress.advance(nodesize());
        }
    }

    void report(ScanStep& step) {
        // What is lost for one of the trees that share it is lost for the others in the same way.
        const auto& promise = step.ref.promise;
        const bool is_told =
            step.kind == ScanStep::Kind::lost && mode_.shares &&
            !lost_told_.emplace(promise.address, promise.generation, promise.level, promise.first_key).second;
        if (mode_.thorough && !is_told) {
            context_.findings.add(std::move(step.problems));
        }
        step.problems.clear();
    }

    Context& context_;
    std::span<const ScanRoot> roots_;
    const ScanMode& mode_;
    ScanHandler& handler_;
    const BlockReader& reader_;
    Pool<Workspace> pool_;

    // The making side.
    std::size_t root_ = 0;
    bool in_tree_ = false;
    std::vector<Frame> path_; ///< from the root down; never longer than trees are high
    std::unique_ptr<std::byte[]> node_spare_;
    std::unordered_set<u64> will_be_kept_;

    // The finishing side.
    std::unordered_map<u64, BlockFacts> kept_;
    std::set<std::tuple<Logical, std::optional<u64>, std::optional<u8>, std::optional<btrfs::Key>>> lost_told_;
    bool lost_ = false;
};

} // namespace

bool scan_blocks(Context& context, std::span<const ScanRoot> roots, const ScanMode& mode, ScanHandler& handler) {
    return Scan(context, roots, mode, handler).run();
}

} // namespace btrkit::check
