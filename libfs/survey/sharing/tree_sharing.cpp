// SPDX-License-Identifier: MIT
#include "libfs/survey/sharing/tree_sharing.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/ordered_pipeline.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/tree/block_batch.h"

#include <algorithm>

namespace btrkit::survey {

namespace {

/// Adjacent blocks of one list, on their way from disk to what they refer to.
struct SharingJob {
    std::span<const SharedExtent> blocks;
    std::vector<SharedExtent> found;
    std::map<u64, u64> bytes_of_owner;
    bool has_lost = false;
};

class Measure {
public:
    Measure(Survey& survey, std::span<const NumberedRoot> roots, RootSets& sets, const SharingWish& wish)
        : survey_(survey), reader_(survey.filesystem.reader()), roots_(roots), sets_(sets), wish_(wish),
          most_kept_(std::max<std::size_t>(2, survey.run.memory_bytes / 4 / sizeof(SharedExtent))) {
        for (unsigned level = 0; level < btrfs::max_level_count; ++level) {
            levels_.emplace_back(sets);
        }
    }

    Sharing run() {
        for (const auto& root : roots_) {
            seed(*root.record, sets_.single(root.number));
        }
        for (unsigned level = btrfs::max_level_count - 1; level > 1; --level) {
            const auto nodes = levels_[level].settled();
            account_blocks(nodes);
            read(nodes, static_cast<u8>(level), Counting::yes,
                 [&](const SharedExtent& child) { levels_[level - 1].add(child); });
            levels_[level] = SharedExtents(sets_);
        }
        account_blocks(levels_[1].settled());
        read_leaves();
        if (sets_.has_overflowed()) {
            sharing_.gap = "subvolumes share in too many ways for the memory that may be used";
        }
        return std::move(sharing_);
    }

private:
    enum class Counting : bool { no, yes };

    u32 nodesize() const { return reader_.nodesize(); }
    bool is_over() const { return !sharing_.gap.empty() || sets_.has_overflowed(); }

    void add_at(u8 level, const Promise& promise, RootSets::Id roots, RootSets::Id below) {
        if (level < levels_.size()) {
            levels_[level].add({.address = promise.address.bytenr,
                                .detail = promise.generation.value_or(0),
                                .roots = roots,
                                .below = below});
        }
    }

    /// The root of a tree. Of one that is being deleted, the nodes on the way to where the deletion got are still
    /// there, but not what lies left of that way; these nodes are read here.
    void seed(const RootRecord& record, RootSets::Id root) {
        Promise promise = record.root.block;
        const auto& item = record.item;
        const bool is_begun = record.is_dropping() && item.drop_progress.objectid != 0;
        if (!is_begun) {
            return add_at(item.level, promise, root, root);
        }
        const auto progress = item.drop_progress.to_key();
        for (u8 level = item.level;; --level) {
            if (level < item.drop_level || level == 0) {
                return add_at(level, promise, root, root);
            }
            add_at(level, promise, root, RootSets::empty);
            const OwnedBlock node(reader_, promise);
            if (!node.is_proven()) {
                return note_lost();
            }
            const auto on_the_way = seed_children(node.block(), promise, progress, root);
            if (!on_the_way) {
                return;
            }
            promise = *on_the_way;
        }
    }

    /// Those behind progress whole; returns the one that progress lies in, if the way leads there.
    std::optional<Promise> seed_children(const TreeBlock& node, const Promise& promise_of_node,
                                         const btrfs::Key& progress, RootSets::Id root) {
        std::optional<Promise> on_the_way;
        for (u32 slot = 0; slot < node.count(); ++slot) {
            const bool is_gone = slot + 1 < node.count() && node.key(slot + 1) <= progress;
            if (is_gone) {
                continue;
            }
            const auto child = child_promise(node, slot, promise_of_node);
            if (node.key(slot) < progress) {
                on_the_way = child;
            } else {
                add_at(*child.level, child, root, root);
            }
        }
        return on_the_way;
    }

    void note_lost() {
        sharing_.has_lost = true;
        if (!wish_.past_damage) {
            sharing_.gap = "tree blocks of subvolumes are lost";
        }
    }

    void account(const SharedExtent& extent, u64 bytes) {
        if (sharing_.bytes.size() <= extent.roots) {
            sharing_.bytes.resize(std::max<std::size_t>(extent.roots + 1, sets_.part_count()));
        }
        sharing_.bytes[extent.roots] += bytes;
        if (wish_.visit) {
            wish_.visit(extent, bytes);
        }
    }
    void account_blocks(std::span<const SharedExtent> blocks) {
        for (const auto& block : blocks) {
            account(block, nodesize());
        }
    }

    /// Each window of data extents takes a pass over all leaves, which in turn come in windows.
    void read_leaves() {
        for (u64 data_from = 0; data_from != SharedExtents::no_end && !is_over();) {
            SharedExtents data(sets_, most_kept_, data_from);
            const auto counting = data_from == 0 ? Counting::yes : Counting::no;
            for (u64 leaf_from = 0; leaf_from != SharedExtents::no_end && !is_over();) {
                leaf_from = read_leaves_from(leaf_from, counting, data);
            }
            for (const auto& extent : data.settled()) {
                account(extent, extent.detail);
            }
            data_from = data.end();
        }
    }

    /// Returns where the leaves begin that did not fit.
    u64 read_leaves_from(u64 from, Counting counting, SharedExtents& data) {
        SharedExtents leaves(sets_, most_kept_, from);
        for (const auto& leaf : levels_[0].settled()) { // trees that are but a leaf
            leaves.add(leaf);
        }
        const bool first_time = counting == Counting::yes && from == 0;
        read(levels_[1].settled(), 1, first_time ? Counting::yes : Counting::no,
             [&](const SharedExtent& leaf) { leaves.add(leaf); });
        if (counting == Counting::yes) {
            account_blocks(leaves.settled());
        }
        if (wish_.leaves) {
            read(leaves.settled(), 0, counting, [&](const SharedExtent& extent) { data.add(extent); });
        }
        return leaves.end();
    }

    /// Reads blocks of one level in the order of their addresses, and hands over what they refer to.
    template <class Visit>
    void read(std::span<const SharedExtent> blocks, u8 level, Counting counting, Visit&& visit) {
        if (level == 0 && counting == Counting::no && !wish_.data) {
            return;
        }
        const std::size_t batch = BlockBatch::size_bytes / nodesize();
        const auto make = [&]() -> std::unique_ptr<SharingJob> {
            if (blocks.empty() || is_over()) {
                return nullptr;
            }
            auto job = std::make_unique<SharingJob>();
            job->blocks = blocks.first(std::min(batch, blocks.size()));
            blocks = blocks.subspan(job->blocks.size());
            return job;
        };
        const auto work = [&](SharingJob& job) { read(job, level); };
        const auto finish = [&](SharingJob& job) {
            if (job.has_lost) {
                note_lost();
            }
            for (const auto& found : job.found) {
                visit(found);
            }
            for (const auto& [owner, bytes] : job.bytes_of_owner) {
                sharing_.block_bytes_of_owner[owner] += counting == Counting::yes ? bytes : 0;
            }
            if (survey_.run.stop.stop_requested()) {
                sharing_.gap = "stopped";
            }
            return !is_over();
        };
        run_ordered(survey_.run.parallelism, make, work, finish);
    }

    void read(SharingJob& job, u8 level) const {
        std::vector<Promise> promises;
        promises.reserve(job.blocks.size());
        for (const auto& block : job.blocks) {
            promises.push_back(
                {.address = {block.address}, .generation = block.detail, .level = level, .tree = btrfs::fs_tree_id});
        }
        const std::size_t bytes = job.blocks.size() * nodesize();
        const auto buffer = std::make_unique_for_overwrite<std::byte[]>(bytes);
        const auto blocks = reader_.read_many(promises, {buffer.get(), bytes});
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (!blocks[i].proven) {
                job.has_lost = true;
                continue;
            }
            const auto& block = blocks[i].block();
            if (block.header().generation >= wish_.oldest) {
                job.bytes_of_owner[block.header().owner] += nodesize();
            }
            if (level != 0) {
                find_children(block, job.blocks[i].below, job.found);
            } else if (wish_.data) {
                find_data(block, job.blocks[i].below, job.found);
            }
        }
    }

    static void find_children(const TreeBlock& node, RootSets::Id roots, std::vector<SharedExtent>& found) {
        for (u32 slot = 0; slot < node.count() && roots != RootSets::empty; ++slot) {
            const auto& pointer = node.pointer(slot);
            found.push_back(
                {.address = pointer.blockptr, .detail = pointer.generation, .roots = roots, .below = roots});
        }
    }

    static void find_data(const TreeBlock& leaf, RootSets::Id roots, std::vector<SharedExtent>& found) {
        for (u32 slot = 0; slot < leaf.count(); ++slot) {
            if (leaf.item(slot).key.type != btrfs::item_type::extent_data) {
                continue;
            }
            if (const auto extent = stored_extent(leaf.item_data(slot))) {
                found.push_back(
                    {.address = extent->range.disk_bytenr, .detail = extent->range.disk_num_bytes, .roots = roots});
            }
        }
    }

    Survey& survey_;
    const BlockReader& reader_;
    std::span<const NumberedRoot> roots_;
    RootSets& sets_;
    const SharingWish& wish_;
    std::size_t most_kept_;
    std::vector<SharedExtents> levels_; ///< blocks by level; at level 0 only roots
    Sharing sharing_;
};

} // namespace

Sharing measure_sharing(Survey& survey, std::span<const NumberedRoot> roots, RootSets& sets, const SharingWish& wish) {
    return Measure(survey, roots, sets, wish).run();
}

} // namespace btrkit::survey
