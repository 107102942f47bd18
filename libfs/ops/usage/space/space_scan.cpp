// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/space/space_scan.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/usage/loss_teller.h"
#include "libfs/ops/usage/space/chunk_filler.h"
#include "libfs/space/extent_item.h"
#include "libfs/survey/scan/block_scan.h"

namespace btrkit::usage {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

struct StatedUse {
    u64 start = 0;
    u64 used_bytes = 0;
};

struct SpaceLeaf final : LeafResult {
    std::vector<Extent> extents;
    std::map<u64, u64> bytes_of_tree;
    std::vector<StatedUse> groups;
};

/// Of all chunks the same.
u64 bucket_bytes(const ChunkMap& chunks) {
    u64 total = 0;
    for (const auto& chunk : chunks.chunks()) {
        total += std::min(chunk.length, ~u64{0} - total);
    }
    // Each chunk may have one part that is not full.
    const u64 most = std::max<u64>(1, most_buckets - std::min<u64>(chunks.chunks().size(), most_buckets - 1));
    return std::max(smallest_bucket_bytes, total / most + 1);
}

class SpaceScan final : public ScanHandler {
public:
    SpaceScan(Survey& survey, std::span<const ScanRoot> roots) : survey_(survey), roots_(roots), losses_(survey.run) {
        const auto& chunks = survey.filesystem.volume().chunks();
        const u64 each = bucket_bytes(chunks);
        for (const auto& chunk : chunks.chunks()) {
            auto& space = facts_.chunks.emplace_back();
            space.chunk = &chunk;
            space.bucket_bytes = each;
            space.buckets.resize(chunk.length / each + (chunk.length % each == 0 ? 0 : 1));
        }
    }

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems& /*problems*/) override {
        auto result = std::make_unique<SpaceLeaf>();
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            const auto key = leaf.block.key(slot);
            const Bytes body = leaf.block.item_data(slot);
            if (const auto extent = parse_extent(key, body, survey_.geometry())) {
                result->extents.push_back(*extent);
                if (!extent->is_data()) {
                    const u64 owner = owner_of_block(*extent, key, body).value_or(btrfs::fs_tree_id);
                    result->bytes_of_tree[is_own_kind(owner) ? owner : btrfs::fs_tree_id] += extent->length_bytes;
                }
            } else if (key.type == type::block_group_item) {
                if (const auto* item = view_at<btrfs::BlockGroupItem>(body)) {
                    result->groups.push_back({.start = key.objectid, .used_bytes = item->used});
                }
            }
        }
        return result;
    }

    void accept(const ScanStep& step, const LeafVisit* /*leaf*/, std::unique_ptr<LeafResult> result) override {
        if (step.kind == ScanStep::Kind::lost) {
            losses_.tell(step.promise);
            facts_.is_whole = false;
            if (roots_[step.root].root.id == btrfs::extent_tree_id) {
                lose_extents(step.promise);
            }
        } else if (step.kind == ScanStep::Kind::leaf) {
            survey_.run.progress.advance(survey_.geometry().nodesize);
            accept_leaf(dynamic_cast<const SpaceLeaf&>(*result));
        }
    }

    /// What begins in a lost block is not known, up to where the next block goes on.
    void lose_extents(const Promise& promise) {
        const u64 begin = promise.first_key ? promise.first_key->objectid : 0;
        const u64 end = promise.end ? promise.end->objectid : ~u64{0};
        enter_chunk_of(begin);
        while (filler_ && filler_->end() <= end) {
            filler_->skip_to(end);
            leave_chunk();
        }
        if (filler_) {
            filler_->skip_to(end);
        }
    }

    /// Each extent tree begins at the lowest address again: where there are several, each has chunks of its own.
    SpaceFacts finish() && {
        leave_chunks_before(~u64{0});
        return std::move(facts_);
    }

private:
    /// Trees that no file is in.
    static bool is_own_kind(u64 tree) { return !btrfs::is_file_tree(tree) && tree != btrfs::tree_reloc_id; }

    void accept_leaf(const SpaceLeaf& leaf) {
        for (const auto& extent : leaf.extents) {
            add(extent);
        }
        for (const auto& [tree, bytes] : leaf.bytes_of_tree) {
            facts_.bytes_of_tree[tree] += bytes;
        }
        for (const auto& group : leaf.groups) {
            const auto chunk = std::ranges::lower_bound(facts_.chunks, group.start, {}, start_of);
            if (chunk != facts_.chunks.end() && start_of(*chunk) == group.start) {
                chunk->stated_bytes = group.used_bytes;
            }
        }
    }

    void add(const Extent& extent) {
        if (extent.is_data()) {
            ++facts_.data_extent_count;
            facts_.data_extent_bytes += extent.length_bytes;
        } else {
            facts_.metadata_bytes += extent.length_bytes;
        }
        const Range range = range_from(extent.bytenr, extent.length_bytes);
        enter_chunk_of(range.start);
        if (filler_) {
            filler_->add(range, extent.generation);
        }
    }

    /// Chunks before that address are finished, whether anything lies in them or not.
    void enter_chunk_of(u64 address) {
        leave_chunks_before(address);
        if (!filler_ && next_ < facts_.chunks.size()) {
            filler_.emplace(facts_.chunks[next_]);
        }
    }
    void leave_chunks_before(u64 address) {
        while (next_ < facts_.chunks.size() && range_of(*facts_.chunks[next_].chunk).end <= address) {
            if (!filler_) {
                filler_.emplace(facts_.chunks[next_]);
            }
            filler_->finish();
            leave_chunk();
        }
    }
    void leave_chunk() {
        filler_.reset();
        if (++next_ < facts_.chunks.size()) {
            filler_.emplace(facts_.chunks[next_]);
        }
    }

    static u64 start_of(const ChunkSpace& space) { return space.chunk->start.bytenr; }

    Survey& survey_;
    std::span<const ScanRoot> roots_;
    LossTeller losses_;
    SpaceFacts facts_;
    std::size_t next_ = 0;              ///< the chunk that the walk has come to
    std::optional<ChunkFiller> filler_; ///< of that one
};

/// The trees that have extents or block groups, as the root tree names them.
std::vector<ScanRoot> space_roots(const Roots& roots) {
    std::vector<ScanRoot> found;
    for (const u64 id : {btrfs::extent_tree_id, btrfs::block_group_tree_id}) {
        for (const auto& record : roots.records) {
            if (record.id() == id) {
                found.push_back({.root = record.root});
            }
        }
    }
    return found;
}

} // namespace

SpaceFacts scan_space(Survey& survey) {
    survey.run.progress.begin_phase("extents", 0, ProgressUnit::bytes);
    SparseBits visited;
    const auto roots = space_roots(survey.roots);
    SpaceScan scan(survey, roots);
    const bool has_extent_tree = !roots.empty() && roots.front().root.id == btrfs::extent_tree_id;
    if (!has_extent_tree) {
        scan.lose_extents({});
    }
    const bool all = scan_blocks(survey, roots, {.thorough = false, .visited = &visited}, scan);
    auto facts = std::move(scan).finish();
    facts.is_whole &= all && has_extent_tree;
    return facts;
}

} // namespace btrkit::usage
